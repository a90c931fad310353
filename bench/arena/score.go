package main

import (
	"math"
	"time"
)

// result is what a run is judged by. Shares are of what is physically possible
// for one who cannot foresee how long a request will take; NaN: no such figure.
type result struct {
	goodput  float64 // finished in time, of what is possible, over the scored parts
	cold     float64 // the same in the parts right after the start
	recovery float64 // the same in the parts right after a trouble
	critical float64 // share of the two higher classes that was served, where they alone fit
	light    float64 // share of the light tenants' requests that was served
	late     float64 // admitted work that finished too late, of all that finished
	p99      float64 // of admitted work, arrival to answer, as a share of the budget
	refusal  time.Duration

	wasted    float64 // work that ended too late, of all requests that came, troubles included
	inversion float64 // of the critical classes: refused, and overtaken by a lower one
	jain      float64 // fairness between tenants
	requests  float64 // where there are jobs: requests served, of what is possible without them
	moved     float64 // by how much a pause moves the limit
}

// fits is how much of the capacity the critical classes may ask for and still
// be said to fit: beyond it a queue in front of random arrivals must overflow.
const fits = 0.9

// known is how many admitted requests make their mean a better measure of the
// work than the distribution they were drawn from.
const known = 100

func score(s scenario, tallies []tally) result {
	var all, cold, after, critical, light, late, wasted, inversion, fair, requests ratio
	var times, refusals []time.Duration
	for i, p := range s.parts {
		t := &tallies[i]
		possible := possible(s, p, t)
		if p.cold {
			cold.add(float64(t.useful), possible)
		}
		if p.after {
			after.add(float64(t.useful), possible)
		}
		wasted.add(float64(t.late), float64(t.arrived))
		if p.unscored {
			continue
		}
		all.add(float64(t.useful), possible)
		late.add(float64(t.late), float64(t.late+t.useful))
		light.add(float64(t.light[1]), float64(t.light[0]))
		if share := s.classes[2] + s.classes[3]; share > 0 && share < 1 && share*float64(t.feasible) <= fits*room(s, p, t) {
			critical.add(float64(t.served[2]+t.served[3]), float64(t.offered[2]+t.offered[3]))
		}
		if critical := t.offered[2] + t.offered[3]; s.classes[0]+s.classes[1] > 0 {
			inversion.add(float64(t.overtaken), float64(critical))
		}
		if j := t.jain(room(s, p, t)); !math.IsNaN(j) {
			fair.add(j*p.length.Seconds(), p.length.Seconds())
		}
		if s.jobs {
			offered, served := t.offered[1]+t.offered[2]+t.offered[3], t.served[1]+t.served[2]+t.served[3]
			requests.add(float64(served), min(float64(offered), room(s, p, t)))
		}
		times, refusals = append(times, t.times...), append(refusals, t.refusals...)
	}
	return result{
		goodput: all.value(), cold: cold.value(), recovery: after.value(),
		critical: critical.value(), light: light.value(), late: late.value(),
		p99: p99(times).Seconds() / s.budget.Seconds(), refusal: p99(refusals),
		wasted: wasted.value(), inversion: inversion.value(), jain: fair.value(), requests: requests.value(), moved: moved(s, tallies),
	}
}

// possible is how many requests can be finished in time in a part: those that
// came, or those that the slots have room for.
func possible(s scenario, p part, t *tally) float64 {
	return min(float64(t.feasible), room(s, p, t))
}

// room is how many useful requests the slots have time for. The work of those
// that were admitted is taken as it was drawn, or a heavy tail would make luck
// look like skill; that of too few is taken from the distribution.
func room(s scenario, p part, t *tally) float64 {
	if p.frozen {
		return 0
	}
	mean, useful := s.work.mean().Seconds(), 1.0
	if p.work.set() {
		mean = p.work.mean().Seconds()
	}
	if t.arrived > 0 {
		useful = float64(t.feasible) / float64(t.arrived)
	}
	if t.admitted >= known {
		mean, useful = t.work.Seconds()/float64(t.admitted), float64(t.can)/float64(t.admitted)
	}
	speed := 1.0
	if p.slow > 0 {
		speed = 1 / p.slow
	}
	return float64(s.slots) * p.length.Seconds() * speed / mean * useful
}

// ratio sums up two figures to be divided in the end.
type ratio struct{ have, of float64 }

func (r *ratio) add(have, of float64) { r.have, r.of = r.have+have, r.of+of }

func (r *ratio) value() float64 {
	if r.of == 0 {
		return math.NaN()
	}
	return r.have / r.of
}
