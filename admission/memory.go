package admission

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// The memory plane. When the memory that the process may use is nearly full of
// what cannot be freed, taking on more work ends the process, and with it the work
// it has. The lower classes go first, then all but the highest, and with those the
// number of permits: what is in flight is what took the memory, and would take it
// again as soon as everything is let in.
//
// What is full is judged by what the last collection found alive, and what is not
// heap. The heap itself may be large with garbage just before a collection, and a
// collection always comes before the limit does.
type memory struct {
	read    func() footprint // nil: not watched
	collect func()

	due atomic.Int64 // when to look next, on the controller's clock; never: not watched

	mu        sync.Mutex // TryLock: whoever finds another at it goes on
	cycles    uint64     // of the collector, at the last look
	collected int64      // when the last one was first seen

	collecting atomic.Bool

	// Published.
	most atomic.Int64  // permits at once; unbounded: the memory holds nothing back
	shut atomic.Int32  // levels below it are refused
	full atomic.Uint64 // the share in use, float64 bits; 0: no limit is known
}

// footprint is the memory of the process at one moment, in bytes.
type footprint struct {
	used   uint64 // by what cannot be freed
	limit  uint64 // 0: there is none
	cycles uint64 // of the collector, ever
}

// From what share on which classes are refused, and below what share they are
// let in again. Close to the limit the collector takes up to half of the
// processors' time, so it is too late to wait for the limit itself.
const (
	fullForLower, freeForLower = 0.90, 0.85 // both of the sheddable classes
	fullForMost, freeForMost   = 0.95, 0.90 // all but the highest class

	// askAgain is how long it is refused for memory without a collection before
	// one is asked for: what little runs then may not cause one for minutes.
	askAgain = time.Second
)

// watchMemory takes a look at the memory.
func (c *Controller) watchMemory(now int64) {
	m := &c.memory
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	if now < m.due.Load() {
		return
	}
	m.due.Store(now + int64(lookEvery))
	f := m.read()
	full := 0.0
	if f.limit > 0 {
		full = float64(f.used) / float64(f.limit)
	}
	m.full.Store(math.Float64bits(full))
	before := m.shut.Load()
	shut := shutAt(before, full)
	m.shut.Store(shut)
	if shut > before {
		c.mu.Lock()
		c.clearLocked(int(shut))
		c.mu.Unlock()
	}
	fresh := f.cycles != m.cycles
	if fresh || shut == 0 && now-m.collected > int64(askAgain) {
		m.cycles, m.collected = f.cycles, now
		m.bound(full, int64(c.InFlight()), c.wanted.Load())
		c.enforce(now)
	} else if shut > 0 && now-m.collected > int64(askAgain) && m.collecting.CompareAndSwap(false, true) {
		m.collected = now
		go func() { // it ends by itself
			m.collect()
			m.collecting.Store(false)
		}()
	}
}

// bound sets how many permits there may be, once for each collection: without one
// nothing new is known.
func (m *memory) bound(full float64, inFlight, wanted int64) {
	switch most := m.most.Load(); {
	case full >= fullForMost:
		m.most.Store(max(int64(float64(min(most, inFlight))*freeForLower/full), 1))
	case full < freeForLower && most >= wanted:
		m.most.Store(unbounded)
	case full < freeForLower:
		m.most.Store(max(int64(float64(most)*(1+ease)), most+1))
	default:
	}
}

// shutAt is the lowest level that is let in at a share in use, given the one
// before.
func shutAt(before int32, full float64) int32 {
	const lower, most = patient, levels - 1
	switch {
	case full >= fullForMost || before == most && full >= freeForMost:
		return most
	case full >= fullForLower || before > 0 && full >= freeForLower:
		return lower
	default:
		return 0
	}
}

// clearLocked refuses those below a level who wait.
func (c *Controller) clearLocked(level int) {
	for i := range level {
		for own := &c.waiting.classes[i]; own.length > 0; {
			c.dropLocked(own.first(), LowMemory)
		}
	}
	c.publishOpenLocked()
}
