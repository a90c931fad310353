package main

import (
	"fmt"
	"slices"
	"time"
)

// figures are what is said about a run. Shares are of 1.
type figures struct {
	amplification float64       // calls that reached the dependency in the outage, for each that was meant to
	lateStarts    int           // calls that began after the deadline of their request
	zombies       float64       // requests for which work went on after it
	p99           time.Duration // of the time until an answer in the outage, less the budget
	good          float64       // of the requests that came before the outage
	during        float64       // good of those that came in it
	recovered     float64       // good of those that came 2 s after its end or later
	firstSecond   float64       // calls that reached the dependency in its first second, for each that came then
}

// settled is how long after the outage everything should be as usual.
const settled = 2 * time.Second

func figuresOf(p plan, t *tally) figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	var f figures
	during, goodDuring, calls, zombies := 0, 0, 0, 0
	before, goodBefore, later, goodLater := 0, 0, 0, 0
	first, came := 0, 0
	var waits []time.Duration
	for _, q := range t.requests {
		f.lateStarts += q.late
		switch {
		case q.at < ordinary-allowed:
			before++
			goodBefore += one(q.good)
		case q.at >= ordinary && q.at < ordinary+outage:
			during++
			goodDuring += one(q.good)
			calls += q.calls
			zombies += one(q.zombie)
			waits = append(waits, q.answered-q.at)
		case q.at >= ordinary+outage+settled:
			later++
			goodLater += one(q.good)
		case q.at >= ordinary+outage && q.at < ordinary+outage+time.Second:
			came += p.shape.width
		}
	}
	f.amplification = ratio(calls, during*p.shape.width)
	f.zombies = ratio(zombies, during)
	f.during = ratio(goodDuring, during)
	f.good, f.recovered = ratio(goodBefore, before), ratio(goodLater, later)
	slices.Sort(waits)
	f.p99 = waits[len(waits)*99/100] - allowed
	for _, at := range t.calls {
		if at >= ordinary+outage && at < ordinary+outage+time.Second {
			first++
		}
	}
	f.firstSecond = ratio(first, came)
	return f
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func ratio(part, whole int) float64 { return float64(part) / float64(max(whole, 1)) }

// String is for one line.
func (f figures) String() string {
	return fmt.Sprintf("amplification %.3f late %d zombies %.1f%% p99 %+v good %.1f%%, %.1f%%, %.1f%% first second %.2f",
		f.amplification, f.lateStarts, 100*f.zombies, f.p99.Round(time.Millisecond), 100*f.good, 100*f.during, 100*f.recovered, f.firstSecond)
}
