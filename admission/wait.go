package admission

import (
	"context"
	"time"
)

// wait is Acquire's slow path: through the queue, or refused.
func (c *Controller) wait(ctx context.Context, level int, now, deadline int64) (Permit, error) {
	l := c.lease()
	l.level, l.asked, l.deadline = level, now, deadline
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
	if reason, ok := c.admitLocked(l, now); !ok {
		return reason, false
	}
	c.waiting.push(l)
	c.state.Add(oneWaiting)
	// A permit that came free before the line above was given back by someone
	// who saw nobody waiting.
	c.grantLocked(now)
	c.publishOpenLocked()
	return 0, true
}

// admitLocked says whether a newcomer may wait, evicting another if need be.
func (c *Controller) admitLocked(l *lease, now int64) (Reason, bool) {
	if l.deadline != never && int(uint32(c.state.Load())) >= c.limit {
		rate, left := c.estimate.drain(c.limit), float64(l.deadline-now)
		wait := float64(c.waiting.ahead(l.level)+1) / rate * float64(time.Second) // +Inf when not known
		if rate > 0 && wait+float64(c.estimate.typical.Load()) > left {
			return TooLong, false
		}
	}
	if c.waiting.room(l.level) {
		return 0, true
	}
	victim := c.waiting.victim(l.level)
	if victim == nil {
		return QueueFull, false
	}
	c.waiting.remove(victim)
	c.state.Add(^uint64(oneWaiting - 1))
	victim.settle(verdict{reason: Evicted})
	return 0, true
}

// await returns when the lease was granted or dropped, or ctx has ended.
func (c *Controller) await(ctx context.Context, l *lease) verdict {
	select {
	case v := <-l.settled:
		return v
	case <-ctx.Done():
	}
	c.mu.Lock()
	if !l.queued { // settled at the same moment
		c.mu.Unlock()
		return <-l.settled
	}
	c.leaveLocked(l)
	c.mu.Unlock()
	return verdict{reason: ended(ctx.Err(), Overdue)}
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
		if l.deadline-now <= max(0, c.estimate.fastest.Load()) {
			c.leaveLocked(l)
			l.settle(verdict{reason: Overdue})
			continue
		}
		s := c.state.Load()
		if int(uint32(s)) >= c.limit {
			return
		}
		if !c.state.CompareAndSwap(s, s+oneOut-oneWaiting) {
			continue // someone gave back a permit; the fast path is shut
		}
		c.waiting.remove(l)
		c.waiting.grants++
		c.publishOpenLocked()
		l.granted = now
		l.settle(verdict{granted: true})
	}
}

// publishOpenLocked tells Hopeless which classes the queue lets in. Most changes
// of the queue change nothing here, and a write would cost every reader.
func (c *Controller) publishOpenLocked() {
	if set := c.waiting.open(); set != c.open.Load() {
		c.open.Store(set)
	}
}
