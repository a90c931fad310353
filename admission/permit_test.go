package admission

import (
	"context"
	"sync"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

func acquire(tb testing.TB, c *Controller) Permit {
	tb.Helper()
	p, err := c.Acquire(context.Background(), route.Critical)
	assert.NoError(tb, err)
	return p
}

func count(c *Controller, o Outcome) uint64 { return c.Snapshot().Ended[o].Count }

func refusals(c *Controller, r Reason) (n uint64) {
	for _, refused := range c.Snapshot().Refused {
		if refused.Reason == r {
			n += refused.Count
		}
	}
	return n
}

func queued(c *Controller) (n int) {
	for _, w := range c.Snapshot().Queue {
		n += w.Count
	}
	return n
}

func TestReleaseTwice(t *testing.T) {
	c := newController(t, Config{Limit: 2})
	a, b := acquire(t, c), acquire(t, c)
	copied := a
	a.Release(Success)
	a.Release(Failed)
	copied.Release(Late)
	assert.Equal(t, c.InFlight(), 1)

	again := acquire(t, c) // may well be the same lease as a
	copied.Release(Late)
	a.Release(Success)
	assert.Equal(t, c.InFlight(), 2)
	again.Release(Success)
	b.Release(Canceled)
	assert.Equal(t, c.InFlight(), 0)
	assert.Equal(t, []uint64{count(c, Success), count(c, Failed), count(c, Late), count(c, Canceled)}, []uint64{2, 0, 0, 1})
}

func TestReleaseFromManyGoroutines(t *testing.T) {
	c := newController(t, Config{Limit: 8})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				p, err := c.Acquire(context.Background(), route.Critical)
				if err != nil {
					t.Error(err)
					return
				}
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() { p.Release(Success) })
				}
				both.Wait()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, c.InFlight(), 0)
	assert.Equal(t, count(c, Success), 1600)
}

func TestZeroPermit(*testing.T) {
	var p Permit
	p.Release(Success)
	p.Release(Failed)
}

func TestOutcomesAreCounted(t *testing.T) {
	c := newController(t, Config{})
	for o := range outcomes {
		acquire(t, c).Release(o)
	}
	acquire(t, c).Release(outcomes + 7) // counts as Failed
	for o := range outcomes {
		want := uint64(1)
		if o == Failed {
			want = 2
		}
		assert.Equal(t, count(c, o), want, o.String())
	}
}

func TestOffRefusesNothing(t *testing.T) {
	c := newController(t, Config{Mode: Off})
	for range 10_000 {
		acquire(t, c)
	}
	assert.Equal(t, c.Snapshot().Limit, 0)
	assert.Equal(t, c.InFlight(), 10_000)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Acquire(ctx, route.Critical)
	assert.ErrorIs(t, err, ErrCanceled)
}

func TestNoAllocation(t *testing.T) {
	c := newController(t, Config{})
	allocs := testing.AllocsPerRun(100, func() {
		if c.Hopeless(t.Context(), route.Critical) != nil {
			t.Fatal("refused")
		}
		p, _ := c.Acquire(t.Context(), route.Critical)
		p.Release(Success)
	})
	assert.Zero(t, allocs)
}
