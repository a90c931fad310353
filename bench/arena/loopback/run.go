package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// How long a run lasts. A client that gives up keeps its connection for a moment
// longer, or every late answer would cost a new one.
const (
	warmUp     = 2 * time.Second
	length     = 4 * time.Second
	coldLength = 2 * time.Second
	lingers    = 250 * time.Millisecond
	fewConns   = 64 // opened before the start
)

// window is a part of a run that was measured.
type window struct {
	Contender string      `json:"contender"`
	Workload  string      `json:"workload"`
	Load      float64     `json:"load"`
	Round     int         `json:"round"`
	Cold      bool        `json:"cold,omitempty"` // the first moments after the start
	Invalid   string      `json:"invalid,omitempty"`
	Score     score       `json:"score"`
	Machine   disturbance `json:"machine"`
	LagP99    float64     `json:"lag_ms"`
	Work      float64     `json:"work_ms"` // what one request took

	Admission json.RawMessage `json:"admission,omitempty"` // at the end, of a contender that is Plimsoll's
}

// arena is what all runs have in common.
type arena struct {
	steps int // of work on the processor that take as long as the workload says
	seed  uint64

	profile string // of the last server; "": none
}

// measure runs one contender under one load, in a new process.
func (a *arena) measure(ctx context.Context, c contender, w workload, times float64, round int) ([]window, error) {
	p, err := launch(job{Contender: c.name, Workload: w, Steps: a.steps, Profile: a.profile})
	if err != nil {
		return nil, err
	}
	parts := partsOf(c, w)
	var res *load.Result
	marks, err := watch(p, parts, func() (err error) {
		res, err = load.Run(ctx, load.Plan{
			Target: p.Addr, Mix: w.mix(), Rate: times * w.capacity(w.Work), Duration: parts[len(parts)-1].to,
			Seed: a.seed + uint64(round), Deadline: w.Budget + lingers, Conns: fewConns, Reuse: load.LIFO,
		})
		return err
	})
	last, stopErr := p.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	windows := make([]window, len(parts))
	for i, part := range parts {
		span := res.Window(part.from, part.to)
		validity, took := span.Validity(0), w.took(last.Spins, res.Began, part)
		windows[i] = window{
			Contender: c.name, Workload: w.Name, Load: times, Round: round, Cold: part.cold,
			Score:  scoreOf(span, res.Rows, w.Budget, w.capacity(took)*w.possible(times)),
			LagP99: ms(validity.LagP99), Work: ms(took), Invalid: invalid(validity, marks[i]), Machine: marks[i],
			Admission: last.Admission,
		}
	}
	return windows, nil
}

// part is a span of a run.
type part struct {
	from, to time.Duration
	cold     bool
}

// partsOf are the windows of a run.
func partsOf(c contender, w workload) []part {
	switch {
	case w.Cold:
		return []part{{0, coldLength, true}, {coldLength, coldLength + length, false}}
	case w.Slots == 0 && c.warmUp > 0:
		return []part{{c.warmUp, c.warmUp + length, false}}
	default:
		return []part{{warmUp, warmUp + length, false}}
	}
}

// watch measures what others do during the parts of a run.
func watch(p *process, parts []part, run func() error) ([]disturbance, error) {
	ended := make(chan error, 1)
	start := time.Now()
	go func() { ended <- run() }()
	marks := make([]disturbance, len(parts))
	var failed error
	for i, part := range parts {
		time.Sleep(time.Until(start.Add(part.from)))
		before, err := usageNow(p)
		time.Sleep(time.Until(start.Add(part.to)))
		after, afterErr := usageNow(p)
		failed = errors.Join(failed, err, afterErr)
		marks[i] = after.since(before)
	}
	return marks, errors.Join(<-ended, failed)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
