package load

import (
	"errors"
	"fmt"
	"math"
	"net"
	"time"
)

// Arrival is how requests are spread over time.
type Arrival uint8

// The arrivals. Independent users arrive as a Poisson process; uniform arrivals flatter a service.
const (
	Poisson Arrival = iota
	Uniform
)

// Reuse is which idle connection carries the next request.
type Reuse uint8

// The policies of reuse. RoundRobin uses every connection in turn and so finds the ones a service closed; LIFO, which
// net/http's client uses, keeps to a few warm ones and hides them.
const (
	RoundRobin Reuse = iota // the one that has been idle longest
	LIFO                    // the one that was used last
)

// Step is a rate that holds for a time.
type Step struct {
	Rate float64 // requests a second; 0: a pause
	For  time.Duration
}

// Plan is an open-loop run. Target, Mix and either Rate and Duration or Steps are needed; the zero value of all else is
// what most experiments want.
//
// Blind is for experiments about connections that a service closes. On loopback the FIN of an idle connection arrives in
// microseconds, so a client that looks before it sends loses next to nothing to a server that closes without warning. A
// client a network away does lose: it sends while the FIN still travels, and many clients look only when they next read.
// With Blind, an idle connection that has ended is used once more if it ended less than that long ago; the request is
// lost, and its row has the flag Stale.
type Plan struct {
	Target      string        // host:port
	Mix         []Request     // at least one
	Rate        float64       // requests a second
	Duration    time.Duration // the last request is due before it ends; answers are waited for beyond it
	Steps       []Step        // instead of Rate and Duration
	Arrival     Arrival
	Seed        uint64        // decides arrivals, mix, fresh connections and unique requests
	Deadline    time.Duration // the client's patience, from when a request was due; 0: 10 s
	MaxInFlight int           // above it arrivals are Capped; 0: 10,000
	MaxConns    int           // above it arrivals that need another connection are Capped; 0: MaxInFlight
	Conns       int           // connections opened before the start; more are opened when none is idle
	Reuse       Reuse
	Fresh       float64       // part of the requests that open a connection of their own, in [0, 1]
	Blind       time.Duration // how long the end of an idle connection goes unnoticed, see above; 0: not at all
	Gate        func() bool   // asked when a request is due; false: Withheld, as by a router that took us out. It must not block
	Live        *Live         // counted into while it runs; nil: nobody looks
}

const (
	defaultDeadline = 10 * time.Second
	defaultInFlight = 10_000
	maxRequests     = 10_000_000 // 480 MB of rows
)

// Validate reports everything that is wrong with the plan at once.
func (p Plan) Validate() error {
	var faults []error
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, _, err := net.SplitHostPort(p.Target)
	say(err != nil, "target %q: want host:port", p.Target)
	faults = append(faults, validateMix(p.Mix))
	say(p.Steps != nil && (p.Rate != 0 || p.Duration != 0), "either rate and duration or steps, not both")
	total := 0.0
	for _, s := range p.steps() {
		say(s.Rate < 0 || math.IsNaN(s.Rate) || math.IsInf(s.Rate, 0), "rate %v: want requests a second", s.Rate)
		say(s.For <= 0, "duration %v: want more than 0", s.For)
		total += s.Rate * s.For.Seconds()
	}
	say(len(p.Steps) == 0 && p.Rate == 0, "rate 0: want requests a second")
	say(total > maxRequests, "%.0f requests: at most %d in one run; use a lower rate or a shorter time", total, maxRequests)
	say(p.Deadline < 0, "deadline %v: want more than 0", p.Deadline)
	say(p.MaxInFlight < 0 || p.MaxConns < 0 || p.Conns < 0 || p.Blind < 0, "limits below 0")
	say(p.Conns > p.withDefaults().MaxConns, "%d connections before the start, but at most %d", p.Conns, p.withDefaults().MaxConns)
	say(!(p.Fresh >= 0 && p.Fresh <= 1), "fresh %v: want a part in [0, 1]", p.Fresh)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("load plan: %w", err)
	}
	return nil
}

func validateMix(mix []Request) error {
	if len(mix) == 0 {
		return errors.New("mix: want at least one request")
	}
	if len(mix) > math.MaxUint16 {
		return fmt.Errorf("mix of %d requests: want at most %d", len(mix), math.MaxUint16)
	}
	for _, m := range mix {
		if m.Weight < 0 || math.IsNaN(m.Weight) || math.IsInf(m.Weight, 0) {
			return fmt.Errorf("mix: weight %v of %q", m.Weight, m.Name)
		}
		if len(m.Bytes) == 0 && m.Build == nil {
			return fmt.Errorf("mix: %q sends nothing: set Bytes or Build", m.Name)
		}
	}
	return nil
}

func (p Plan) withDefaults() Plan {
	if p.Deadline == 0 {
		p.Deadline = defaultDeadline
	}
	if p.MaxInFlight == 0 {
		p.MaxInFlight = defaultInFlight
	}
	if p.MaxConns == 0 {
		p.MaxConns = p.MaxInFlight
	}
	if p.Live == nil {
		p.Live = new(Live)
	}
	return p
}

func (p Plan) steps() []Step {
	if p.Steps != nil {
		return p.Steps
	}
	return []Step{{p.Rate, p.Duration}}
}

// length is when the last request is due at the latest.
func (p Plan) length() time.Duration {
	var d time.Duration
	for _, s := range p.steps() {
		d += s.For
	}
	return d
}
