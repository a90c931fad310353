package admission

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

func TestBreakerOpensWhenNothingEndsInTime(t *testing.T) {
	var b breaker
	look := func(ms int64, useful, fruitless uint64, limit float64) bool {
		b.fruitless.Store(fruitless)
		return b.judge(reading{at: ms * int64(time.Millisecond), useful: useful}, limit)
	}
	assert.False(t, look(100, 10, 5, 10))
	assert.False(t, look(400, 10, 20, 10)) // too few
	assert.False(t, look(250, 10, 40, 10)) // too soon
	assert.False(t, look(400, 10, 40, 64)) // fewer than were let in
	assert.False(t, look(500, 11, 90, 10)) // something did
	assert.True(t, look(800, 11, 106, 10))
	assert.True(t, b.open.Load())
	assert.True(t, look(900, 12, 106, 10))
	assert.False(t, b.open.Load())
}

// Callers in a hurry fail by their own haste: that is no reason to refuse those who
// have time.
func TestTheHastyDoNotOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 16, 50*time.Millisecond)
		s.serve(200, 3*time.Second, time.Second, Success)
		s.serve(200, 3*time.Second, 30*time.Millisecond, Success)
		assert.False(t, s.c.limiter.breaker.open.Load())
		s.wg.Wait()
	})
}

// Where nothing was ever of use, the hasty do open it, and whoever has more time is
// let in.
func TestWhoHasMoreTimeThanThoseThatFailedIsLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 16, 50*time.Millisecond)
		s.serve(100, 2*time.Second, 30*time.Millisecond, Success)
		assert.True(t, s.c.limiter.breaker.open.Load())
		assert.Zero(t, s.good.Load())
		_, err := s.c.Acquire(within(t, 30*time.Millisecond), route.Critical)
		assert.ErrorIs(t, err, ErrShed)
		p, err := s.c.Acquire(within(t, time.Second), route.Sheddable)
		assert.NoError(t, err)
		p.Release(Success)
		s.wg.Wait()
	})
}

func TestBreakerProbes(t *testing.T) {
	var b breaker
	second := int64(time.Second)
	b.probe.Store(second)
	let := 0
	for range 1000 { // in no time: one in a hundred
		if !b.refuses(0) {
			let++
		}
	}
	assert.Equal(t, let, 10)
	assert.False(t, b.refuses(second)) // and one a second
	assert.True(t, b.refuses(second))
	assert.False(t, b.refuses(2*second))
}

// Work that takes longer than anybody waits is not begun but for probes, and what is
// fast again is let in within a second.
func TestAnOutageIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 16, 20*time.Millisecond)
		s.serve(500, 3*time.Second, 400*time.Millisecond, Success)
		s.work.Store(int64(time.Second))
		s.serve(500, 10*time.Second, 400*time.Millisecond, Success)
		var late uint64
		for _, e := range s.c.Snapshot().Ended {
			if e.Outcome == Late {
				late = e.Count
			}
		}
		assert.True(t, late > 0 && late < 250, "%d of 5000 requests were begun for nothing", late)
		assert.Zero(t, s.c.Snapshot().Limit)
		s.work.Store(int64(20 * time.Millisecond))
		s.serve(500, time.Second, 400*time.Millisecond, Success)
		s.good.Store(0)
		s.serve(500, time.Second, 400*time.Millisecond, Success)
		assert.AtLeast(t, s.good.Load(), 480)
		s.wg.Wait()
		assert.Zero(t, s.c.InFlight())
	})
}

// A waiter of the lowest class is refused in time though nobody passes by.
func TestPatienceEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Mode: Adaptive, Limit: 1})
		acquire(t, c)
		for range 2 { // the second with a timer that was used before
			start := time.Now()
			_, err := c.Acquire(within(t, time.Second), route.Sheddable)
			assert.ErrorIs(t, err, ErrShed)
			assert.Equal(t, time.Since(start), longestLower)
			assert.Equal(t, queued(c), 0)
		}
	})
}

// A pause moves what the limit is kept at by no more than a tenth.
func TestAPauseMovesTheLimitLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 16, 20*time.Millisecond)
		s.serve(1200, 20*time.Second, 400*time.Millisecond, Success)
		base := func() float64 {
			s.c.limiter.mu.Lock()
			defer s.c.limiter.mu.Unlock()
			return s.c.limiter.plan.keep.base
		}
		before := base()
		for range 16 { // take all slots
			s.slots <- struct{}{}
		}
		s.serve(1200, 50*time.Millisecond, 400*time.Millisecond, Success)
		for range 16 {
			<-s.slots
		}
		s.serve(1200, time.Second, 400*time.Millisecond, Success)
		after := base()
		assert.True(t, after > 0.9*before && after < 1.1*before, "from %v to %v", before, after)
		s.wg.Wait()
	})
}
