package main

import (
	"slices"
	"sync"
	"time"
)

// backend is what a service waits for: so many slots, each busy with one request
// for a time, in the order in which they came. Who gave up is served all the same.
//
// When a request will be done is computed as it arrives, so the lateness of
// the runtime's timers, up to a millisecond, takes nothing from the slots: what they
// can do in a second is exact.
type backend struct {
	hold time.Duration

	mu   sync.Mutex
	free []time.Time // when each slot is, the next one first
}

func newBackend(slots int, hold time.Duration) *backend {
	return &backend{hold: hold, free: make([]time.Time, slots)}
}

// do returns when the request has been served.
func (b *backend) do() {
	time.Sleep(time.Until(b.submit(time.Now())))
}

// submit takes the slot that is free next and says when it will have done the work.
func (b *backend) submit(now time.Time) (done time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	start := b.free[0]
	if start.Before(now) {
		start = now
	}
	done = start.Add(b.hold)
	copy(b.free, b.free[1:])
	at, _ := slices.BinarySearchFunc(b.free[:len(b.free)-1], done, time.Time.Compare)
	copy(b.free[at+1:], b.free[at:])
	b.free[at] = done
	return done
}

// stall has no slot begin anything for so long from now.
func (b *backend) stall(now time.Time, length time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.free {
		if b.free[i].Before(now) {
			b.free[i] = now
		}
		b.free[i] = b.free[i].Add(length)
	}
}
