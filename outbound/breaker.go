package outbound

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// When a breaker opens. Each rule is a share or a silence over time; the counts are only there so that one or two
// answers are not taken for a trend.
const (
	silentTime  = int64(500 * time.Millisecond) // without a success, and
	silentCount = 10                            // as many failures; or
	quietTime   = int64(time.Second)            // without a success, for a dependency that is seldom called, and
	quietCount  = 3                             // as many failures; or
	downCount   = 20                            // answers in the window, of which
	downFactor  = 4                             // times as many failed as did not
)

// How it finds out that the dependency is back.
const (
	openShare = 4                             // a quarter of the time it has been open is until the next probe,
	leastOpen = int64(100 * time.Millisecond) // at least so long,
	mostOpen  = int64(400 * time.Millisecond) // and at most: also when one fails by chance it is found in time
	savedTime = 10 * mostOpen                 // probes that nobody asked for are saved this long

	rampTime  = int64(500 * time.Millisecond) // from the first success until all calls go through: as above, at most
	rampEvery = int64(50 * time.Millisecond)  // a call goes through at least so often
	rampAhead = 16                            // calls may be without an answer, and
	rampEach  = 4                             // more for each that succeeded
	rampFails = 3                             // failures at least, to open again
)

// breaker stops calling a dependency that answers none, or one in five, and finds out within 2 s that it is back,
// at one call a minute as at ten thousand a second.
//
// Open, it lets one probe through after 100 ms, and again each time that it has been open for a quarter longer, at the
// latest after 400 ms, less up to a quarter at random. They are not waited for: a probe that hangs holds up nothing.
// Probes that nobody asked for are saved, ten at most, so that one that is seldom called is asked at once. The first
// success makes it half-open: for a quarter of the time that it was open, half a second at most, it lets through a
// growing share of the calls, and not many more than were answered; then it is closed. What waits for a dependency that
// was away for a moment is no herd.
//
// An answer to a call that was sent before the breaker last opened or began to close says nothing any more.
//
// The zero value is closed. It may be used by many goroutines; closed it takes no lock. Times are nanoseconds of one
// monotonic clock.
type breaker struct {
	random func() float64 // from 0 to below 1; nil: math/rand

	gate   atomic.Uint64 // the ticket of today's calls, and in the lowest bit whether not all may pass
	window window        // of answers
	since  atomic.Int64  // when the dependency was last found to be back: what was before does not count
	failed atomic.Int64  // when the first call failed since one succeeded; 0: none has
	fails  atomic.Int64  // how many have

	mu     sync.Mutex
	mode   BreakerState
	opened int64 // when it was last closed
	next   int64 // when a probe may pass; half-open, when a call may in any case
	ramp   ramp
}

// ramp is what a half-open breaker knows.
type ramp struct {
	start, length  int64
	passed         int
	succeeded, bad int
	credit         float64 // for the next call
}

// ticket belongs to one call that was let through.
type ticket uint64

// allow lets a call through or not. The answer of one that it lets through is told to done; that of one which its
// caller gave up need not be.
func (b *breaker) allow(now int64) (ticket, bool) {
	gate := b.gate.Load()
	if gate&1 == 0 {
		return ticket(gate >> 1), true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	passes := true
	switch b.stateLocked(now) {
	case BreakerOpen:
		passes = false
	case BreakerHalfOpen:
		if b.mode == BreakerOpen {
			b.probeLocked(now)
		} else {
			passes = b.rampLocked(now)
		}
	case BreakerClosed:
		b.closeLocked()
	}
	return ticket(b.gate.Load() >> 1), passes
}

// done tells how a call ended: ok is false when the dependency failed or was too slow for it. What a healthy
// dependency does, also a refusal for which it says when to come again, is ok.
func (b *breaker) done(t ticket, ok bool, now int64) {
	gate := b.gate.Load()
	if uint64(t) != gate>>1 {
		return
	}
	b.window.add(now, ok)
	if gate&1 == 1 {
		b.learn(t, ok, now)
		return
	}
	if ok {
		if b.failed.Load() != 0 {
			b.failed.Store(0)
			b.fails.Store(0)
		}
		return
	}
	b.failed.CompareAndSwap(0, max(now, 1))
	if b.down(now, b.fails.Add(1)) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.gate.Load() == gate { // nobody else was first
			b.opened = now
			b.openLocked(now)
		}
	}
}

// state is for people: an open breaker that would let the next call probe is half-open.
func (b *breaker) state(now int64) BreakerState {
	if b.gate.Load()&1 == 0 {
		return BreakerClosed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stateLocked(now)
}

func (b *breaker) stateLocked(now int64) BreakerState {
	switch {
	case b.mode == BreakerOpen && now >= b.next:
		return BreakerHalfOpen
	case b.mode == BreakerHalfOpen && now-b.ramp.start >= b.ramp.length && !b.ramp.ahead():
		return BreakerClosed
	}
	return b.mode
}

// down says whether the answers of a closed breaker are those of a dependency that is.
func (b *breaker) down(now, fails int64) bool {
	if first := b.failed.Load(); first != 0 { // none has succeeded meanwhile
		silent := now - first
		if fails >= silentCount && silent >= silentTime || fails >= quietCount && silent >= quietTime {
			return true
		}
	}
	good, bad := b.window.sum(now, b.since.Load())
	return good+bad >= downCount && bad >= downFactor*good
}

// learn takes the answer of a probe, or of a call in the ramp.
func (b *breaker) learn(t ticket, ok bool, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if gate := b.gate.Load(); uint64(t) != gate>>1 || gate&1 == 0 {
		return // it turned meanwhile
	}
	switch {
	case b.mode == BreakerOpen && ok:
		b.mode = BreakerHalfOpen
		b.turnLocked()
		b.since.Store(now)
		b.failed.Store(0)
		b.fails.Store(0)
		b.ramp = ramp{start: now, length: max(1, min(rampTime, (now-b.opened)/openShare)), passed: 1, succeeded: 1}
		b.next = now
	case b.mode == BreakerHalfOpen && ok:
		b.ramp.succeeded++
	case b.mode == BreakerHalfOpen:
		b.ramp.bad++
		if b.ramp.bad >= rampFails && b.ramp.bad >= downFactor*b.ramp.succeeded {
			b.openLocked(now)
		}
	}
}

// probeLocked lets a call through while the breaker is open.
func (b *breaker) probeLocked(now int64) {
	b.next = max(b.next, now-savedTime) + b.pause(now)
}

// ahead says that more calls were let through than their answers warrant.
func (r *ramp) ahead() bool { return r.passed >= rampAhead+rampEach*r.succeeded }

// rampLocked lets a call through, or not, while the breaker is half-open: the share of them that time has come to, or
// none when too many are without an answer; but one in 50 ms in any case.
func (b *breaker) rampLocked(now int64) bool {
	r := &b.ramp
	r.credit += min(1, float64(now-r.start)/float64(r.length))
	switch {
	case r.credit >= 1 && !r.ahead():
		r.credit--
	case now >= b.next:
		r.credit = 0
	default:
		r.credit = min(r.credit, 1)
		return false
	}
	b.next = now + rampEvery
	r.passed++
	return true
}

func (b *breaker) openLocked(now int64) {
	b.mode = BreakerOpen
	b.turnLocked()
	b.next = now + b.pause(now)
}

func (b *breaker) closeLocked() {
	b.mode = BreakerClosed
	b.gate.Store(b.gate.Load() &^ 1) // the ticket stays: answers of the ramp still count
}

// turnLocked makes answers of what was sent before worthless.
func (b *breaker) turnLocked() { b.gate.Store((b.gate.Load()>>1+1)<<1 | 1) }

// pause is how long to wait for the next probe, so that many clients do not probe at the same time.
func (b *breaker) pause(now int64) int64 {
	random := b.random
	if random == nil {
		random = rand.Float64
	}
	d := min(max(leastOpen, (now-b.opened)/openShare), mostOpen)
	return d - int64(random()*float64(d)/4)
}
