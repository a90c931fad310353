package admission

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// known is an adaptive controller that knows that work takes 50 ms, and whose two
// permits are out.
func known(t *testing.T, queue int) *Controller {
	t.Helper()
	c := newController(t, Config{Mode: Adaptive, Limit: 2, Queue: queue, CPU: Unwatched})
	for range 20 {
		p := acquire(t, c)
		time.Sleep(50 * time.Millisecond)
		p.Release(Success)
	}
	acquire(t, c)
	acquire(t, c)
	return c
}

// park has somebody wait.
func park(t *testing.T, c *Controller, class route.Criticality, tenant uint64) {
	t.Helper()
	before := queued(c)
	go func() { _, _ = c.AcquireFor(t.Context(), class, tenant) }()
	synctest.Wait()
	assert.Equal(t, queued(c), before+1)
}

// Whom Acquire would refuse for want of patience is refused before its body is
// read.
func TestHopelessKnowsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := known(t, 0)
		assert.NoError(t, c.Hopeless(within(t, time.Second), route.Sheddable), "the first may hope")
		park(t, c, route.Sheddable, 0)
		assert.ErrorIs(t, c.Hopeless(within(t, time.Second), route.Sheddable), ErrShed)
		assert.Equal(t, c.refused[TooLong][0].Load(), 1)
		assert.NoError(t, c.Hopeless(within(t, time.Second), route.Critical))
		assert.ErrorIs(t, c.Hopeless(within(t, 60*time.Millisecond), route.Critical), ErrShed, "work takes 50 ms")
	})
}

// Of a full queue only the tenant that fills it is refused.
func TestHopelessKnowsTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := known(t, 4)
		for range 4 {
			park(t, c, route.Critical, 7)
		}
		ctx := within(t, time.Minute)
		assert.ErrorIs(t, c.HopelessFor(ctx, route.Critical, 7), ErrShed)
		assert.NoError(t, c.HopelessFor(ctx, route.Critical, 8))
		assert.Zero(t, c.refused[Evicted][2].Load(), "a look evicts nobody")
		assert.Equal(t, queued(c), 4)
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = c.HopelessFor(ctx, route.Critical, 7) }))
	})
}

// One in a hundred of those that look doomed is let through, by both looks.
func TestWhoIsSparedGetsItsPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{})
		for range 20 {
			p := acquire(t, c)
			time.Sleep(50 * time.Millisecond)
			p.Release(Success)
		}
		looks, permits := 0, 0
		for range 10 * trickle {
			ctx := within(t, 10*time.Millisecond)
			if c.Hopeless(ctx, route.Critical) != nil {
				continue
			}
			looks++
			if p, err := c.Acquire(ctx, route.Critical); err == nil {
				permits++
				p.Release(Unused)
			}
		}
		assert.Equal(t, looks, 10)
		assert.Equal(t, permits, 10)
	})
}

// Where the work is of kinds, what others took says nothing.
func TestWorkOfAnotherKindIsNotDoomed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kinds := range []bool{false, true} {
			c := newController(t, Config{Kinds: kinds})
			for range 20 {
				p := acquire(t, c)
				time.Sleep(50 * time.Millisecond)
				p.Release(Success)
			}
			ctx := within(t, 10*time.Millisecond)
			assert.Equal(t, c.Hopeless(ctx, route.Critical) == nil, kinds)
			_, err := c.Acquire(ctx, route.Critical)
			assert.Equal(t, err == nil, kinds)
			assert.ErrorIs(t, c.Hopeless(within(t, -time.Second), route.Critical), ErrDoomed)
		}
	})
}
