package main

import (
	"container/heap"
	"time"
)

// backend is what requests wait for: slots that serve first come first served
// and never cancel anything. When a request will end is known as soon as it is
// handed over, so that a simulation needs one timer for it.
type backend struct {
	free     freeTimes
	timeline []stretch
}

// stretch is a part of the timeline with one speed.
type stretch struct {
	from  time.Duration
	speed float64 // work done in a unit of time; 0: frozen
	pipe  time.Duration
}

func newBackend(s scenario) *backend {
	b := &backend{free: make(freeTimes, s.slots)}
	at := time.Duration(0)
	for _, p := range s.parts {
		speed := 1.0
		if p.slow > 0 {
			speed = 1 / p.slow
		}
		if p.frozen {
			speed = 0
		}
		b.timeline = append(b.timeline, stretch{from: at, speed: speed, pipe: s.pipe + p.pipe})
		at += p.length
	}
	last := b.timeline[len(b.timeline)-1]
	if last.speed == 0 {
		last.speed = 1
	}
	last.from = at
	b.timeline = append(b.timeline, last)
	return b
}

// submit hands over work at now and returns when its answer is there.
func (b *backend) submit(now, work time.Duration) time.Duration {
	done := b.finish(max(now, b.free[0]), work)
	b.free[0] = done
	heap.Fix(&b.free, 0)
	return done + b.timeline[b.at(done)].pipe
}

// finish is when work that starts at start ends, the speed changing under way.
func (b *backend) finish(start, work time.Duration) time.Duration {
	left := float64(work)
	for i := b.at(start); ; i++ {
		s := b.timeline[i]
		if i == len(b.timeline)-1 {
			return start + time.Duration(left/s.speed)
		}
		end := b.timeline[i+1].from
		if can := float64(end-start) * s.speed; can < left {
			left -= can
			start = end
			continue
		}
		return start + time.Duration(left/s.speed)
	}
}

func (b *backend) at(t time.Duration) int {
	i := len(b.timeline) - 1
	for i > 0 && b.timeline[i].from > t {
		i--
	}
	return i
}

// freeTimes is a heap: when each slot comes free.
type freeTimes []time.Duration

func (f freeTimes) Len() int           { return len(f) }
func (f freeTimes) Less(i, j int) bool { return f[i] < f[j] }
func (f freeTimes) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *freeTimes) Push(any)          {} // the number of slots never changes
func (f *freeTimes) Pop() any          { return nil }
