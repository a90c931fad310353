package admission

import (
	"context"

	"github.com/plimsoll-go/plimsoll/route"
)

// Hopeless is a cheap look before anything is spent on a request, such as
// reading its body. It returns the error that Acquire would return at once, and
// nil when Acquire is worth trying: it gets a permit, or a place in the queue. An
// error counts as a refusal.
func (c *Controller) Hopeless(ctx context.Context, class route.Criticality) error {
	return c.HopelessFor(ctx, class, 0)
}

// HopelessFor is Hopeless before AcquireFor. It takes the queue's lock only where
// no permit is free and the queue has room.
func (c *Controller) HopelessFor(ctx context.Context, class route.Criticality, tenant uint64) error {
	level, now := levelOf(class), c.now()
	deadline, err := c.admissible(ctx, level, now, true)
	if err != nil {
		return err
	}
	if int64(uint32(c.state.Load())) < c.permits.Load() {
		return nil
	}
	if c.limiter.breaker.open.Load() {
		return nil // Acquire refuses all but probes, as cheaply
	}
	reason, ok := HotCPU, level >= patient || !c.hot(now)
	if ok {
		reason, ok = QueueFull, c.open.Load()&(1<<level) != 0
	}
	if ok {
		reason, ok = c.place(level, tenant, now, deadline)
	}
	if ok {
		return nil
	}
	c.tick(now)
	return c.refuse(reason, level)
}

// place says whether the queue would take in a newcomer.
func (c *Controller) place(level int, tenant uint64, now, deadline int64) (Reason, bool) {
	newcomer := lease{level: level, tenant: tenant, deadline: deadline}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, reason, ok := c.placeLocked(&newcomer, c.waiting.classes[level].hand(tenant), now)
	c.publishOpenLocked()
	return reason, ok
}

// admissible is ctx's deadline, on the controller's clock, or an error when ctx
// has ended, nothing useful can be done before it does, or the class is not let in
// for lack of memory.
func (c *Controller) admissible(ctx context.Context, level int, now int64, look bool) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, c.refuse(ended(err, Spent), level)
	}
	if int32(level) < c.memory.shut.Load() { //nolint:gosec // one of four
		c.tick(now) // or it would stay shut
		return 0, c.refuse(LowMemory, level)
	}
	d, ok := ctx.Deadline()
	if !ok {
		return never, nil
	}
	deadline := int64(d.Sub(c.epoch)) - c.cpu.late.Load()
	left := deadline - now
	if left <= 0 {
		return 0, c.refuse(Spent, level)
	}
	if !c.kinds && left < c.estimate.fastest.Load() && c.mode != Off && !c.spare(look) {
		c.tick(now) // refusals alone have to correct the estimate too
		return 0, c.refuse(Spent, level)
	}
	return deadline, nil
}

// spare lets through one in so many of those that look doomed. One whom Hopeless
// let through is not to be refused by Acquire for the same reason.
func (c *Controller) spare(look bool) bool {
	if !look && c.spared.Load() && c.spared.CompareAndSwap(true, false) {
		return true
	}
	if c.doomed.Add(1)%trickle != 0 {
		return false
	}
	if look {
		c.spared.Store(true)
	}
	return true
}
