package admission

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// capacity is how much useful work a second the service can do. That shows only
// while there is more work than it takes, so until it was pressed nothing is known,
// and what was known before grows old.
type capacity struct {
	due atomic.Int64 // when to measure next, on the controller's clock

	mu   sync.Mutex // TryLock: whoever finds another at it goes on
	last reading

	// Published.
	rate atomic.Uint64 // useful work a second, float64 bits
	at   atomic.Int64  // when it was last seen, on the controller's clock; 0: never
}

const (
	measureEvery = 500 * time.Millisecond
	freshness    = 0.3             // of a measurement, in the average
	allOut       = 0.7             // of the limit, on average: so many permits are out when it holds work back all the time
	outdated     = 5 * time.Second // without pressure; what was known says little of what follows
)

// measure takes in what was done since the last time.
func (c *Controller) measure(now int64) {
	m := &c.capacity
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	if now < m.due.Load() {
		return
	}
	m.due.Store(now + int64(measureEvery))
	r := c.read(now)
	w := r.since(m.last)
	m.last = r
	if w.ended() < few || !w.limited() || w.inside() < allOut*float64(c.permits.Load()) ||
		w.seconds > 4*measureEvery.Seconds() { // nobody passed by
		return
	}
	rate := math.Float64frombits(m.rate.Load())
	if at := m.at.Load(); at == 0 || now-at > int64(outdated) {
		rate = w.rate()
	} else {
		rate += freshness * (w.rate() - rate)
	}
	m.rate.Store(math.Float64bits(rate))
	m.at.Store(now)
}
