package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// score is what a window came to.
type score struct {
	Rate     float64       `json:"rate"`     // requests a second that were answered in time in the window
	Goodput  float64       `json:"goodput"`  // that as a share of what is possible
	Critical float64       `json:"critical"` // of the critical requests due in the window, those answered in time
	P99      time.Duration `json:"p99"`      // of what was admitted, from when it was due
	Refusal  time.Duration `json:"refusal"`  // p99 of the refusals of the lowest class
	Late     float64       `json:"late"`     // of what was admitted, those not answered in time
	Intended int           `json:"intended"`
	Unsent   int           `json:"unsent"`
	Light    float64       `json:"light,omitempty"`  // of what light tenants asked for, what they got
	Before   float64       `json:"before,omitempty"` // of what was offered, what was served before the trouble
	After    float64       `json:"after,omitempty"`  // and from a second after it
}

// scoreOf scores the requests of a run from one moment to another. possible is in
// requests a second.
func scoreOf(w load.Window, all []load.Row, budget time.Duration, possible float64) score {
	s := score{Intended: len(w.Rows), Unsent: int(w.Counts().Unsent)}
	var admitted, refusals []time.Duration
	var late, wanted, served int
	for i := range w.Rows {
		r := &w.Rows[i]
		good := inTime(r, budget)
		if r.Route == critical {
			wanted++
			if good {
				served++
			}
		}
		switch {
		case !r.Outcome.Sent():
		case refusedBy(r):
			if r.Route == sheddable {
				refusals = append(refusals, r.Latency())
			}
		default:
			admitted = append(admitted, r.Latency())
			if !good {
				late++
			}
		}
	}
	slices.Sort(admitted)
	slices.Sort(refusals)
	s.P99, s.Refusal = stats.Quantile(admitted, 0.99), stats.Quantile(refusals, 0.99)
	s.Late, s.Critical = share(late, len(admitted)), share(served, wanted)
	s.Rate = float64(finishedIn(w, all, budget)) / (w.To - w.From).Seconds()
	s.Goodput = s.Rate / possible
	return s
}

// finishedIn counts what was answered in time within the window, whenever it was
// due: no more than a backend can do, which what was due in a window may exceed by
// as much as waits.
func finishedIn(w load.Window, all []load.Row, budget time.Duration) (n int) {
	for i := range all {
		r := &all[i]
		if r.Last >= w.From && r.Last < w.To && inTime(r, budget) {
			n++
		}
	}
	return n
}

// inTime says whether a request was answered before its client gave up.
func inTime(r *load.Row, budget time.Duration) bool {
	return r.Outcome == load.OK && r.Latency() <= budget
}

// refusedBy says whether a request was turned away before anything was done.
func refusedBy(r *load.Row) bool {
	return r.Outcome == load.Shed || r.Outcome == load.Failed && r.Has(load.NotExecuted)
}

func share(part, all int) float64 { return float64(part) / float64(max(all, 1)) }

// disturbed is the part of one processor's time that others may take of a window
// that counts.
const disturbed = 0.03

// invalid says why a window measured the machine and not the contender; "": it did
// not.
func invalid(v load.Validity, d disturbance) string {
	switch {
	case !v.Valid:
		return v.Reason + ": " + v.Detail
	case d.Others > disturbed:
		return fmt.Sprintf("others: other processes used %.1f %% of a processor", 100*d.Others)
	case d.Stolen > disturbed:
		return fmt.Sprintf("stolen: %.1f %% of a processor", 100*d.Stolen)
	default:
		return ""
	}
}
