package admission

import (
	"context"
	"time"
)

// wait is Acquire's slow path: through the queue, or refused.
func (c *Controller) wait(ctx context.Context, level int, tenant uint64, now, deadline int64) (Permit, error) {
	if c.limiter.breaker.open.Load() {
		return c.probing(level, now, deadline)
	}
	if level < patient && c.hot(now) { // parking it would cost more than it is worth
		c.tick(now)
		return Permit{}, c.refuse(HotCPU, level)
	}
	l := c.lease()
	l.level, l.tenant, l.asked, l.deadline, l.until = level, tenant, now, deadline, never
	if l.settled == nil {
		l.settled = make(chan verdict, 1)
	}
	if reason, ok := c.enqueue(l, now); !ok {
		c.leases.Put(l)
		c.tick(now)
		return Permit{}, c.refuse(reason, level)
	}
	v := c.await(ctx, l)
	if !v.granted {
		c.leases.Put(l)
		return Permit{}, c.refuse(v.reason, level)
	}
	p := Permit{lease: l, generation: l.generation.Load(), waited: time.Duration(l.granted - l.asked)}
	if err := ctx.Err(); err != nil { // ended while the permit was on its way
		p.Release(Unused)
		return Permit{}, c.refuse(ended(err, Overdue), level)
	}
	return p, nil
}

// enqueue gives the lease a place in the queue, or says why it gets none. It
// may have been granted or dropped by the time enqueue returns.
func (c *Controller) enqueue(l *lease, now int64) (Reason, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supply.asks(l.left(now))
	own := &c.waiting.classes[l.level]
	f := own.hand(l.tenant)
	c.waiting.tenants = c.waiting.tenants || l.tenant != 0
	if reason, ok := c.admitLocked(l, f, now); !ok {
		c.publishOpenLocked()
		return reason, false
	}
	c.waiting.push(l, f)
	c.state.Add(oneWaiting)
	// A permit that came free before the line above was given back by someone
	// who saw nobody waiting.
	c.grantLocked(now)
	c.publishOpenLocked()
	return 0, true
}

// admitLocked says whether a newcomer may wait, evicting another if need be.
func (c *Controller) admitLocked(l *lease, f *flow, now int64) (Reason, bool) {
	victim, reason, ok := c.placeLocked(l, f, now)
	if victim != nil {
		c.dropLocked(victim, Evicted)
	}
	return reason, ok
}

// placeLocked says whether there is a place for a newcomer, and who would have to
// go for it; nil: nobody.
func (c *Controller) placeLocked(l *lease, f *flow, now int64) (victim *lease, reason Reason, ok bool) {
	if int64(uint32(c.state.Load())) >= c.permits.Load() && !c.worthwhileLocked(l, f, now) {
		return nil, TooLong, false
	}
	if c.waiting.room(l.level) {
		return nil, 0, true
	}
	victim = c.waiting.victim(l.level, f)
	return victim, QueueFull, victim != nil
}

// worthwhileLocked says whether a newcomer is likely to get a permit while that
// is of use, and notes until when it waits.
func (c *Controller) worthwhileLocked(l *lease, f *flow, now int64) bool {
	left := l.deadline - now
	own := &c.waiting.classes[l.level]
	rate := c.estimate.drain(int(c.permits.Load()))
	if c.adaptive() {
		patience := patience(l.level, left)
		if l.level < patient {
			l.until = now + min(overstay*patience, int64(longestLower))
		}
		if rate > 0 && own.length > 0 {
			wait := float64(own.ahead(f)+1)/c.supply.leaves(rate, l.level) + float64(c.waiting.above(l.level))/rate
			if wait*float64(time.Second) > float64(patience) {
				return false
			}
		}
	}
	if l.deadline == never || rate <= 0 {
		return true
	}
	wait := float64(c.waiting.above(l.level)+own.ahead(f)+1) / rate * float64(time.Second)
	return wait+float64(c.estimate.typical.Load()) <= float64(left)
}

// dropLocked refuses one who waits.
func (c *Controller) dropLocked(l *lease, reason Reason) {
	c.waiting.remove(l)
	c.state.Add(^uint64(oneWaiting - 1))
	l.settle(verdict{reason: reason})
}

// await returns when the lease was granted or dropped, its patience has ended, or
// ctx has.
func (c *Controller) await(ctx context.Context, l *lease) verdict {
	v := verdict{reason: Evicted}
	select {
	case v := <-l.settled:
		l.calm()
		return v
	case <-l.impatience(c):
	case <-ctx.Done():
		v.reason = ended(ctx.Err(), Overdue)
	}
	l.calm()
	c.mu.Lock()
	if !l.queued { // settled at the same moment
		c.mu.Unlock()
		return <-l.settled
	}
	c.leaveLocked(l)
	c.mu.Unlock()
	return v
}

// leaveLocked takes the lease out of the queue.
func (c *Controller) leaveLocked(l *lease) {
	c.waiting.remove(l)
	c.state.Add(^uint64(oneWaiting - 1))
	c.publishOpenLocked()
}

// grantLocked hands out the permits that are free to those who wait, and drops
// those whom a permit would not help any more.
func (c *Controller) grantLocked(now int64) {
	for c.waiting.total > 0 {
		l := c.waiting.first()
		if l.deadline-now <= c.useful() {
			c.dropLocked(l, Overdue)
			c.publishOpenLocked()
			continue
		}
		s := c.state.Load()
		if int64(uint32(s)) >= c.permits.Load() {
			return
		}
		if !c.state.CompareAndSwap(s, s+oneOut-oneWaiting) {
			continue // someone gave back a permit; the fast path is shut
		}
		c.waiting.serve(l)
		c.supply.granted(l.level, now)
		c.publishOpenLocked()
		l.granted = now
		l.settle(verdict{granted: true})
	}
}

// useful is how much time has to be left for a grant to be of use: as much as
// anything takes, and with an adaptive limit, which keeps the queue short, as much
// as half of what is done in time takes.
func (c *Controller) useful() int64 {
	if c.adaptive() {
		return c.estimate.typical.Load()
	}
	return c.estimate.fastest.Load()
}

// publishOpenLocked tells Hopeless which classes the queue lets in. Most changes
// of the queue change nothing here, and a write would cost every reader.
func (c *Controller) publishOpenLocked() {
	if set := c.waiting.open(); set != c.open.Load() {
		c.open.Store(set)
	}
}
