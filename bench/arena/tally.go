package main

import (
	"slices"
	"time"
)

// tally is what happened in one part. Arrivals and refusals count where the
// request came, admitted and finished work where that happened.
type tally struct {
	arrived  int // first attempts
	feasible int // of them, those that an idle service would finish in time
	offered  [4]int
	served   [4]int
	light    [2]int // of light tenants: arrived, served

	useful   int // finished in time in this part
	late     int // finished too late in this part
	admitted int
	can      int           // of the admitted, those that an idle service would finish in time
	work     time.Duration // slot time of the admitted, at the speed of the part

	times    []time.Duration // of admitted work, arrival to answer
	refusals []time.Duration // of the two lower classes, arrival to refusal

	extras
}

func newTallies(s scenario) []tally { return make([]tally, len(s.parts)) }

// at is the part's tally at a moment; what comes after the end counts for the
// last.
func (r *run) at(t time.Duration) *tally {
	return &r.tally[min(r.backend.at(t), len(r.tally)-1)]
}

// alone is how long the request would take on an idle service at t.
func (r *run) alone(t, work time.Duration) time.Duration {
	return r.backend.finish(t, work) + r.backend.timeline[r.backend.at(t)].pipe - t
}

func (r *run) arrived(now time.Duration, c customer, attempt int) {
	if attempt > 1 {
		return
	}
	t := &r.tally[c.part]
	t.arrived++
	t.offered[c.level]++
	t.tenant(c.tenant, 0)
	if r.alone(now, c.work) <= r.scenario.budget && !c.leaves {
		t.feasible++
	} else {
		t.offered[c.level]-- // nobody could serve it
	}
	if c.tenant > 1 {
		t.light[0]++
	}
}

func (t *tally) refused(c customer, now, waited time.Duration) {
	if c.level < 2 {
		t.refusals = append(t.refusals, waited)
	} else {
		t.refusedCritical = append(t.refusedCritical, now)
	}
}

func (r *run) admitted(now, asked time.Duration, c customer) {
	t := r.at(now)
	if c.level < 2 {
		t.overtakes(asked, now, r.scenario.work.mean())
	}
	t.admitted++
	t.work += c.work
	if r.alone(now, c.work) <= r.scenario.budget && !c.leaves {
		t.can++
	}
}

func (r *run) finished(c customer, asked, done time.Duration) {
	if done >= r.scenario.length() {
		done = r.scenario.length()
	}
	t := r.at(done)
	if c.leaves {
		return
	}
	if done-asked > r.scenario.budget {
		t.late++
	} else {
		t.useful++
		r.tally[c.part].served[c.level]++
		r.tally[c.part].tenant(c.tenant, 1)
		if c.tenant > 1 {
			r.tally[c.part].light[1]++
		}
	}
	t.times = append(t.times, done-asked)
}

// p99 sorts the sample. 0 when there is none.
func p99(sample []time.Duration) time.Duration {
	if len(sample) == 0 {
		return 0
	}
	slices.Sort(sample)
	return sample[len(sample)*99/100]
}
