package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// workload is what a service does for a request, and what is asked of it.
type workload struct {
	Name   string        `json:"name"`
	Slots  int           `json:"slots"` // of the backend; 0: the work is the processor's
	Work   time.Duration `json:"work"`  // of one request
	Budget time.Duration `json:"budget"`
	Cold   bool          `json:"cold"` // the first moments count as well
	loads  []float64
}

// workloads are all of them.
func workloads() []workload {
	return []workload{
		{Name: "io", Slots: 10, Work: 20 * time.Millisecond, Budget: 200 * time.Millisecond, loads: []float64{1.5, 2, 5, 10}},
		{Name: "cold", Slots: 30, Work: 60 * time.Millisecond, Budget: 600 * time.Millisecond, Cold: true, loads: []float64{1.5, 2, 5, 10}},
		{Name: "cpu", Work: cpuWork, Budget: 200 * time.Millisecond, loads: []float64{2, 5, 10}},
	}
}

// every is all workloads, those included that have one load only.
func every() []workload { return append(workloads(), stalled(), flood()) }

// budgetOf is the deadline of the named workload's clients.
func budgetOf(name string) time.Duration {
	for _, w := range every() {
		if w.Name == name {
			return w.Budget
		}
	}
	return 0
}

// title says what it is, for people.
func (w workload) title() string {
	switch w.Name {
	case stalled().Name:
		return fmt.Sprintf("Backend stalled for %v at %gx, callers try %d times more", stallFor, stallLoad, retries)
	case flood().Name:
		return fmt.Sprintf("One tenant sends %.0f %% of %dx, %d others the rest", 100*heavyShare, floodLoad, lightTenants)
	}
	if w.Slots == 0 {
		return fmt.Sprintf("CPU-bound, %v of one processor, deadline %v", w.Work, w.Budget)
	}
	how := "warm"
	if w.Cold {
		how = "started cold"
	}
	return fmt.Sprintf("I/O-bound, %d slots x %v, %s, deadline %v", w.Slots, w.Work, how, w.Budget)
}

// capacity is how many requests a second can be done at all, where one takes so
// long.
func (w workload) capacity(work time.Duration) float64 {
	return float64(max(w.Slots, 1)) / work.Seconds()
}

// took is how long the work of one request took in a part of a run that began at a
// moment. What the processor does is measured by its own time, the median: how fast
// it is changes with what the processor beside it does.
func (w workload) took(spins []spun, began time.Time, p part) time.Duration {
	if w.Slots > 0 {
		return w.Work
	}
	from, to := began.Add(p.from).UnixNano(), began.Add(p.to).UnixNano()
	var times []time.Duration
	for _, s := range spins {
		if s.Ended >= from && s.Ended < to {
			times = append(times, s.Took)
		}
	}
	if len(times) == 0 {
		return w.Work
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// refusalCost is what a refused request is taken to cost the processor, in every
// bound: it was fixed before anything was scored.
const refusalCost = 25 * time.Microsecond

// possible is the share of the capacity that can be done at a load, which is a
// multiple of it. Where the work is the processor's, so is the work of refusing.
func (w workload) possible(load float64) float64 {
	if w.Slots > 0 {
		return min(1, load)
	}
	r := float64(refusalCost) / float64(w.Work)
	return max(0, min(load, (1-load*r)/(1-r)))
}

// The classes of the mix, by index: 8 % critical, a third of the rest
// sheddable-plus.
const (
	critical = iota
	plus
	sheddable
)

// mix is one request of each class. They differ in one header.
func (w workload) mix() []load.Request {
	request := func(class string, weight float64) load.Request {
		return load.Request{Name: class, Weight: weight, Bytes: fmt.Appendf(nil,
			"GET /work HTTP/1.1\r\nHost: arena\r\nPlimsoll-Budget: %d\r\nPlimsoll-Class: %s\r\n\r\n", w.Budget.Milliseconds(), class)}
	}
	return []load.Request{critical: request("critical", 0.08), plus: request("sheddable-plus", 0.32), sheddable: request("sheddable", 0.60)}
}
