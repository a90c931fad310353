package admission

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// shop is a backend with so many slots, each taking the same time, behind an
// adaptive controller.
type shop struct {
	t     *testing.T
	c     *Controller
	slots chan struct{}
	work  atomic.Int64 // ns
	wg    sync.WaitGroup

	good, refused atomic.Int64
}

func newShop(t *testing.T, slots int, work time.Duration) *shop {
	t.Helper()
	s := &shop{t: t, c: newController(t, Config{Mode: Adaptive, CPU: Unwatched}), slots: make(chan struct{}, slots)}
	s.work.Store(int64(work))
	return s
}

// serve sends requests at even intervals for a while, each with a budget.
func (s *shop) serve(rate float64, length, budget time.Duration, outcome Outcome) {
	for range int(rate * length.Seconds()) {
		time.Sleep(time.Duration(float64(time.Second) / rate))
		s.wg.Go(func() { s.one(budget, outcome) })
	}
}

func (s *shop) one(budget time.Duration, outcome Outcome) {
	ctx, cancel := context.WithTimeout(s.t.Context(), budget)
	defer cancel()
	p, err := s.c.Acquire(ctx, route.Critical)
	if err != nil {
		s.refused.Add(1)
		return
	}
	s.slots <- struct{}{}
	time.Sleep(time.Duration(s.work.Load()))
	<-s.slots
	if ctx.Err() != nil {
		outcome = Late
	} else {
		s.good.Add(1)
	}
	p.Release(outcome)
}

func (s *shop) limit() int { return s.c.Snapshot().Limit }

// A service nobody has configured does what it can, and its limit is near what
// it can use. Where callers have more time it may be higher: up to a good quarter of
// their time a permit that is held costs nothing.
func TestAdaptiveFindsTheCapacity(t *testing.T) {
	for _, slots := range []int{1, 4, 64} {
		synctest.Test(t, func(t *testing.T) {
			s := newShop(t, slots, 20*time.Millisecond)
			capacity := float64(slots) * 50
			s.serve(3*capacity, 4*time.Second, 150*time.Millisecond, Success)
			s.good.Store(0)
			s.serve(3*capacity, 10*time.Second, 150*time.Millisecond, Success)
			assert.AtLeast(t, s.good.Load(), int64(9.7*capacity), "%d slots", slots)
			limit := s.limit()
			assert.True(t, limit >= slots && limit <= 3*slots+4, "limit %d for %d slots", limit, slots)
			s.wg.Wait()
			assert.Zero(t, s.c.InFlight())
		})
	}
}

// Without a limit that holds work back there is nothing to learn.
func TestLowTrafficMovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 4, 20*time.Millisecond)
		before := s.limit()
		s.serve(20, 60*time.Second, time.Second, Success)
		assert.Equal(t, s.limit(), before)
		s.work.Store(int64(60 * time.Millisecond)) // nor does a service that is slower, but not too slow
		s.serve(20, 60*time.Second, time.Second, Success)
		assert.Equal(t, s.limit(), before)
		assert.Zero(t, s.refused.Load())
		s.wg.Wait()
	})
}

// Whatever fails fast completes a lot, and none of it is useful.
func TestFailuresAreNoThroughput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 64, time.Millisecond)
		before := s.limit()
		s.serve(20_000, 5*time.Second, time.Second, Failed)
		assert.Equal(t, s.limit(), before)
		s.wg.Wait()
	})
}

// A pause of everything costs no more than what it held up. At twice the capacity the
// limit may move within what costs nothing, which is a good quarter of the time that
// callers have; below that see TestAPauseMovesTheLimitLittle.
func TestAPauseCostsNothingAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 16, 20*time.Millisecond)
		s.serve(1600, 10*time.Second, 400*time.Millisecond, Success)
		for range 16 { // take all slots
			s.slots <- struct{}{}
		}
		s.serve(1600, 50*time.Millisecond, 400*time.Millisecond, Success)
		for range 16 {
			<-s.slots
		}
		s.good.Store(0)
		s.serve(1600, time.Second, 400*time.Millisecond, Success)
		good, limit := s.good.Load(), s.limit()
		s.wg.Wait()
		assert.AtLeast(t, good, 776) // 97 % of the capacity
		assert.True(t, limit >= 16 && limit <= 112, "limit %d", limit)
	})
}

// The lower a class, the sooner it is told that there is no room.
func TestSheddableIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Mode: Adaptive, Limit: 2, CPU: Unwatched})
		for range 20 { // so that it is known how long work takes
			p := acquire(t, c)
			time.Sleep(50 * time.Millisecond)
			p.Release(Success)
		}
		acquire(t, c)
		acquire(t, c)
		outcomes := make(chan error, 2)
		ask := func(class route.Criticality) {
			go func() {
				_, err := c.Acquire(within(t, time.Second), class)
				outcomes <- err
			}()
			synctest.Wait()
		}
		ask(route.Sheddable) // the first may hope
		start := time.Now()
		_, err := c.Acquire(within(t, time.Second), route.Sheddable)
		assert.ErrorIs(t, err, ErrShed)
		assert.Zero(t, time.Since(start))
		time.Sleep(overstay * sheddableWait)
		ask(route.Critical) // waits; and by now the hope of the other is gone
		assert.ErrorIs(t, <-outcomes, ErrShed)
		assert.Equal(t, queued(c), 1)
		time.Sleep(time.Second)
		assert.ErrorIs(t, <-outcomes, ErrDoomed)
	})
}

// The limit changes under callers that come and go in parallel; nothing is lost.
func TestNothingIsLostWhileTheLimitMoves(t *testing.T) {
	c := newController(t, Config{Mode: Adaptive})
	stop := make(chan struct{})
	var resizing, calls sync.WaitGroup
	resizing.Go(func() {
		for limit := 1; ; limit = limit%20 + 1 {
			select {
			case <-stop:
				return
			default:
				c.resize(limit, c.now())
			}
		}
	})
	for i := range uint64(16) {
		calls.Go(func() {
			for n := range 300 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*10*time.Microsecond)
				if p, err := c.AcquireFor(ctx, route.Criticality(n%6), i%5); err == nil {
					p.Release(Outcome(n % int(outcomes)))
				}
				cancel()
			}
		})
	}
	calls.Wait()
	close(stop)
	resizing.Wait()
	assert.Zero(t, c.state.Load())
	assert.Zero(t, c.waiting.total)
	for level := range c.waiting.classes {
		assert.Zero(t, c.waiting.classes[level].active)
	}
}
