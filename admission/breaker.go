package admission

import (
	"sync/atomic"
	"time"
)

// breaker is for when work takes longer than its callers wait, whatever the limit:
// then all that is admitted is done for nothing. Once so much has ended too late
// and nothing in time, only probes are let through, until one of them is of use.
type breaker struct {
	open  atomic.Bool   // only probes are let through
	probe atomic.Int64  // when the next one is due, on the controller's clock
	asked atomic.Uint64 // while it was open

	fruitless atomic.Uint64 // work that helped nobody though it had time enough
	given     atomic.Int64  // the most time that such work had since the last useful one, ns

	// Of the last useful work; guarded by the limiter's mutex.
	useful, wasted uint64
	since          int64
}

const (
	hopelessCount = 16                     // ended too late and nothing in time, or as many as the limit
	hopelessTime  = 200 * time.Millisecond // for at least so long
	probeEvery    = time.Second
	probeShare    = 100 // one in so many, where that is more
	moreTime      = 4   // a newcomer with a quarter more time than any that failed is not of their kind
)

// failed takes in work that ended too late, or whose caller left, after it was given
// so much time. Less than useful work takes says nothing of the service: or callers
// who are in a hurry would have it refused to all others.
func (b *breaker) failed(given, typical int64) {
	if given < typical {
		return
	}
	b.fruitless.Add(1)
	for most := b.given.Load(); given > most && !b.given.CompareAndSwap(most, given); {
		most = b.given.Load()
	}
}

// judge takes in a reading under a limit; changed: the breaker has opened or closed.
func (b *breaker) judge(r reading, limit float64) (changed bool) {
	wasted := b.fruitless.Load()
	if r.useful != b.useful {
		b.useful, b.wasted, b.since = r.useful, wasted, r.at
		b.given.Store(0)
		return b.open.CompareAndSwap(true, false)
	}
	if b.open.Load() || float64(wasted-b.wasted) < max(hopelessCount, limit) || r.at-b.since < int64(hopelessTime) {
		return false
	}
	b.probe.Store(r.at + int64(probeEvery))
	b.open.Store(true)
	return true
}

// refuses says whether one who asks is to be refused; if not, it is a probe.
func (b *breaker) refuses(now int64) bool {
	if b.asked.Add(1)%probeShare == 0 {
		return false
	}
	due := b.probe.Load()
	return now < due || !b.probe.CompareAndSwap(due, now+int64(probeEvery))
}

// dropAll refuses all that wait.
func (c *Controller) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting.total > 0 {
		c.dropLocked(c.waiting.first(), TooLong)
	}
	c.publishOpenLocked()
}

// probing is Acquire while the breaker is open.
func (c *Controller) probing(level int, now, deadline int64) (Permit, error) {
	c.tick(now)
	given := c.limiter.breaker.given.Load()
	patientOne := deadline-now > given+given/moreTime && int64(c.InFlight()) < c.wanted.Load()
	if !patientOne && c.limiter.breaker.refuses(now) {
		return Permit{}, c.refuse(TooLong, level)
	}
	c.state.Add(oneOut)
	l := c.lease()
	l.granted, l.deadline = now, deadline
	return Permit{lease: l, generation: l.generation.Load()}, nil
}
