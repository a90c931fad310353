package admission

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// crowd is a lot of callers and what must hold whatever they do.
type crowd struct {
	c         *Controller
	limit     int64
	queue     int
	running   atomic.Int64
	granted   atomic.Int64
	refused   atomic.Int64
	unknown   atomic.Int64
	tooMany   atomic.Bool
	tooQueued atomic.Bool
}

func newCrowd(t *testing.T, rng *rand.Rand) *crowd {
	t.Helper()
	cfg := Config{Limit: 1 + rng.IntN(20), Queue: []int{0, NoQueue, 1, 3, 8, 60}[rng.IntN(6)]}
	c := newController(t, cfg)
	return &crowd{c: c, limit: int64(c.limit), queue: c.queue}
}

// call is one caller: it may look first, give up, be late, release twice.
func (w *crowd) call(parent context.Context, rng *rand.Rand) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	switch rng.IntN(4) {
	case 0:
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(200))*time.Millisecond)
		defer cancel()
	case 1:
		stop := time.AfterFunc(time.Duration(rng.IntN(100))*time.Millisecond, cancel)
		defer stop.Stop()
	}
	class := route.Criticality(rng.IntN(6))
	if rng.IntN(2) == 0 && w.c.Hopeless(ctx, class) != nil {
		w.refused.Add(1)
		return
	}
	p, err := w.c.Acquire(ctx, class)
	w.look()
	if err != nil {
		w.refused.Add(1)
		if !errors.Is(err, ErrShed) && !errors.Is(err, ErrDoomed) && !errors.Is(err, ErrCanceled) {
			w.unknown.Add(1)
		}
		p.Release(Success)
		return
	}
	w.granted.Add(1)
	if w.running.Add(1) > w.limit {
		w.tooMany.Store(true)
	}
	time.Sleep(time.Duration(rng.IntN(40)) * time.Millisecond)
	w.running.Add(-1)
	outcome := Outcome(rng.IntN(int(outcomes)))
	p.Release(outcome)
	if rng.IntN(2) == 0 {
		p.Release(Success)
	}
}

// look checks the controller's own word about itself.
func (w *crowd) look() {
	if int64(w.c.InFlight()) > w.limit {
		w.tooMany.Store(true)
	}
	if queued(w.c) > w.queue {
		w.tooQueued.Store(true)
	}
}

func (w *crowd) check(t *testing.T, calls int64) {
	t.Helper()
	assert.False(t, w.tooMany.Load(), "more permits were out than the limit")
	assert.False(t, w.tooQueued.Load(), "more waited than the queue holds")
	assert.Zero(t, w.unknown.Load())
	assert.Equal(t, w.granted.Load()+w.refused.Load(), calls)
	assert.Zero(t, w.c.state.Load(), "permits or places were lost")
	s := w.c.Snapshot()
	var ended, refused uint64
	for _, e := range s.Ended {
		ended += e.Count
	}
	for _, r := range s.Refused {
		refused += r.Count
	}
	assert.AtLeast(t, ended, uint64(w.granted.Load())) // a permit that came too late is Unused
	assert.Equal(t, refused, uint64(w.refused.Load()))
	for range w.limit { // all of them can be had again
		_, err := w.c.Acquire(t.Context(), route.Sheddable)
		assert.NoError(t, err)
	}
	assert.Equal(t, w.c.waiting.total, 0)
}

// Whatever callers do: no more permits than the limit, no more waiting than the
// queue holds, and in the end nothing is lost.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			w := newCrowd(t, rng)
			const callers, calls = 100, 10
			var wg sync.WaitGroup
			for i := range uint64(callers) {
				own := rand.New(rand.NewPCG(seed, i))
				wg.Go(func() {
					for range calls {
						time.Sleep(time.Duration(own.IntN(60)) * time.Millisecond)
						w.call(t.Context(), own)
					}
				})
			}
			wg.Wait()
			w.check(t, callers*calls)
		})
	}
}

// The same with real parallelism. Some have all the time in the world: if nobody
// woke them, this would not end.
func TestNothingIsLostInParallel(t *testing.T) {
	for seed := range uint64(4) {
		parallelCrowd(t, newCrowd(t, rand.New(rand.NewPCG(seed, 7))))
	}
}

func parallelCrowd(t *testing.T, w *crowd) {
	t.Helper()
	var wg sync.WaitGroup
	const callers, calls = 32, 100
	for i := range uint64(callers) {
		own := rand.New(rand.NewPCG(1, i))
		wg.Go(func() {
			for range calls {
				ctx, cancel := context.WithCancel(t.Context())
				if own.IntN(2) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(own.IntN(400))*time.Microsecond)
				}
				p, err := w.c.Acquire(ctx, route.Criticality(own.IntN(6)))
				cancel()
				w.look()
				if err != nil {
					w.refused.Add(1)
					continue
				}
				w.granted.Add(1)
				if w.running.Add(1) > w.limit {
					w.tooMany.Store(true)
				}
				w.running.Add(-1)
				p.Release(Success)
			}
		})
	}
	wg.Wait()
	w.check(t, callers*calls)
}

// An I/O-bound service of 10 slots at 20 ms under twice and ten times its
// capacity, callers giving it 200 ms: it goes on at its capacity.
func TestGoodputUnderOverload(t *testing.T) {
	for _, load := range []int{2, 10} {
		synctest.Test(t, func(t *testing.T) {
			c := newController(t, Config{Limit: 10, Queue: 10})
			var done atomic.Int64
			var wg sync.WaitGroup
			const seconds, capacity = 5, 500
			for range seconds * capacity * load {
				time.Sleep(time.Second / time.Duration(capacity*load))
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					p, err := c.Acquire(ctx, route.Critical)
					if err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
					if ctx.Err() == nil {
						done.Add(1)
					}
					p.Release(outcomeOf(ctx, 200))
				})
			}
			wg.Wait()
			assert.AtLeast(t, done.Load(), seconds*capacity*97/100, "at %d times the capacity", load)
		})
	}
}
