package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// line is a controller with all permits out, and what became of those who
// waited, in order.
type line struct {
	t *testing.T
	c *Controller

	mu     sync.Mutex
	held   []Permit
	events []string
}

func newLine(t *testing.T, cfg Config) *line {
	t.Helper()
	l := &line{t: t, c: newController(t, cfg)}
	for range cfg.Limit {
		l.held = append(l.held, acquire(t, l.c))
	}
	return l
}

// join starts to wait; what becomes of it is noted under the name.
func (l *line) join(ctx context.Context, name string, class route.Criticality) {
	l.t.Helper()
	go func() {
		p, err := l.c.Acquire(ctx, class)
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case err == nil:
			l.events = append(l.events, name)
			l.held = append(l.held, p)
		default:
			l.events = append(l.events, fmt.Sprintf("%s:%s", name, strings.SplitN(err.Error(), ":", 2)[0]))
		}
	}()
	synctest.Wait()
}

// free gives back one permit and waits until that has had its effect.
func (l *line) free() {
	l.t.Helper()
	p := l.held[0]
	l.held = l.held[1:]
	p.Release(Success)
	synctest.Wait()
}

func (l *line) drain() {
	for len(l.held) > 0 {
		l.free()
	}
	assert.Equal(l.t, l.c.InFlight(), 0)
	assert.Equal(l.t, queued(l.c), 0)
}

func (l *line) expect(events ...string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Equal(l.t, strings.Join(l.events, " "), strings.Join(events, " "))
	l.events = nil
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 8})
		for i := range 5 {
			l.join(t.Context(), fmt.Sprint(i), route.Critical)
		}
		l.drain()
		l.expect("0", "1", "2", "3", "4")
	})
}

func TestHighestClassFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 20})
		for _, class := range []route.Criticality{route.Sheddable, route.Unset, route.SheddablePlus, route.CriticalPlus, route.Critical, route.Sheddable, 99} {
			l.join(t.Context(), class.String(), class)
		}
		l.drain()
		l.expect("critical-plus", "unknown", "unset", "critical", "sheddable-plus", "sheddable", "sheddable")
	})
}

// The lowest class gets its share while the highest never stops coming.
func TestTheLowestIsNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 10})
		for range 5 {
			l.join(t.Context(), "high", route.CriticalPlus)
		}
		l.join(t.Context(), "low", route.Sheddable)
		for range 1000 {
			l.free()
			last := l.events[len(l.events)-1]
			class := route.CriticalPlus
			if last == "low" {
				class = route.Sheddable
			}
			l.join(t.Context(), last, class)
		}
		assert.Equal(t, strings.Count(strings.Join(l.events, " "), "low"), 1000/floorEvery)
		l.drain()
	})
}

// What is full of a higher class still has the few places of a lower one, and
// evicts the newest of the lowest class first.
func TestEviction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 10}) // one place kept for each class
		for i := range 7 {
			l.join(t.Context(), fmt.Sprint("s", i), route.Sheddable)
		}
		l.expect()
		l.join(t.Context(), "s7", route.Sheddable)
		l.expect("s7:shed") // the last three places are of the other classes
		l.join(t.Context(), "sp0", route.SheddablePlus)
		l.join(t.Context(), "sp1", route.SheddablePlus)
		l.expect("s6:shed")
		for i := range 7 {
			l.join(t.Context(), fmt.Sprint("c", i), route.Critical)
		}
		l.expect("s5:shed", "s4:shed", "s3:shed", "s2:shed", "s1:shed", "sp1:shed")
		l.join(t.Context(), "c7", route.Critical)
		l.expect("c7:shed") // whoever is left has a place of his own
		l.join(t.Context(), "cp0", route.CriticalPlus)
		l.join(t.Context(), "cp1", route.CriticalPlus)
		l.expect("c6:shed")
		assert.Equal(t, queued(l.c), 10)
		assert.Equal(t, refusals(l.c, Evicted), 8)
		assert.Equal(t, refusals(l.c, QueueFull), 2)
		l.drain()
		l.expect("cp0", "cp1", "c0", "c1", "c2", "c3", "c4", "c5", "sp0", "s0")
	})
}

func TestNobodyWaitsWithoutAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: NoQueue})
		l.join(t.Context(), "a", route.CriticalPlus)
		l.expect("a:shed")
		l.drain()
		l.join(t.Context(), "b", route.Critical)
		l.expect("b")
		l.drain()
	})
}

// A permit may come free between the look for one and the place in the queue.
func TestAPermitThatComesFreeMeanwhileIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Limit: 1})
		ctx := within(t, time.Second)
		p, err := c.wait(ctx, levelOf(route.Critical), 0, c.now(), never)
		assert.NoError(t, err)
		assert.Zero(t, p.Waited())
		p.Release(Success)
		assert.Zero(t, c.state.Load())
	})
}

func TestLeavingTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 4})
		ctx, cancel := context.WithCancel(t.Context())
		l.join(ctx, "gone", route.Critical)
		l.join(within(t, 50*time.Millisecond), "late", route.Critical)
		l.join(t.Context(), "stays", route.Critical)
		cancel()
		synctest.Wait()
		l.expect("gone:canceled")
		time.Sleep(49 * time.Millisecond)
		synctest.Wait()
		l.expect()
		time.Sleep(time.Millisecond)
		synctest.Wait()
		l.expect("late:doomed")
		assert.Equal(t, queued(l.c), 1)
		l.drain()
		l.expect("stays")
		assert.Equal(t, refusals(l.c, Left), 1)
		assert.Equal(t, refusals(l.c, Overdue), 1)
	})
}

func TestWaitedIsTheTimeInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1})
		assert.Zero(t, l.held[0].Waited())
		l.join(t.Context(), "a", route.Critical)
		time.Sleep(30 * time.Millisecond)
		l.free()
		assert.Equal(t, l.held[0].Waited(), 30*time.Millisecond)
		l.drain()
	})
}

// teach makes the controller know that work takes d.
func teach(t *testing.T, c *Controller, d time.Duration) {
	t.Helper()
	for range 2 * believe {
		p := acquire(t, c)
		time.Sleep(d)
		p.Release(Success)
	}
	time.Sleep(foldEvery)
	assert.AtLeast(t, c.Snapshot().Typical, d*4/5)
	assert.AtMost(t, c.Snapshot().Typical, d)
}

func TestHopelessBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Limit: 1})
		assert.NoError(t, c.Hopeless(within(t, time.Microsecond), route.Critical), "nothing is known yet")
		teach(t, c, 40*time.Millisecond)
		assert.NoError(t, c.Hopeless(context.Background(), route.Critical))
		assert.NoError(t, c.Hopeless(within(t, 40*time.Millisecond), route.Critical))
		ctx := within(t, 20*time.Millisecond)
		assert.ErrorIs(t, c.Hopeless(ctx, route.Critical), ErrDoomed)
		_, err := c.Acquire(ctx, route.Critical)
		assert.ErrorIs(t, err, ErrDoomed)
		time.Sleep(20 * time.Millisecond)
		assert.ErrorIs(t, c.Hopeless(ctx, route.Critical), ErrDoomed)
		assert.Equal(t, refusals(c, Spent), 3)
	})
}

// A deadline that passed is noticed before the timer of its context is.
func TestDeadlinePassed(t *testing.T) {
	c := newController(t, Config{})
	ctx := passed{context.Background()}
	assert.ErrorIs(t, c.Hopeless(ctx, route.Critical), ErrDoomed)
	_, err := c.Acquire(ctx, route.Critical)
	assert.ErrorIs(t, err, ErrDoomed)
	assert.Equal(t, c.InFlight(), 0)
}

type passed struct{ context.Context }

func (passed) Deadline() (time.Time, bool) { return time.Unix(1, 0), true }

// One in a hundred gets through although it looks doomed, and with nothing else
// to go by the estimate is forgotten in seconds: it cannot lock up.
func TestAnEstimateCannotLockUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Limit: 1})
		teach(t, c, 200*time.Millisecond)
		let := 0
		for range 1000 {
			if c.Hopeless(within(t, 20*time.Millisecond), route.Critical) == nil {
				let++
			}
		}
		assert.Equal(t, let, 1000/trickle)
		start := time.Now()
		for c.Hopeless(within(t, 20*time.Millisecond), route.Critical) != nil {
			time.Sleep(30 * time.Millisecond)
		}
		assert.AtMost(t, time.Since(start), 3*time.Second)
	})
}

func TestHopelessQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 2})
		assert.NoError(t, l.c.Hopeless(context.Background(), route.Sheddable))
		l.join(t.Context(), "a", route.Critical)
		l.join(t.Context(), "b", route.Critical)
		assert.ErrorIs(t, l.c.Hopeless(context.Background(), route.Critical), ErrShed)
		assert.ErrorIs(t, l.c.Hopeless(context.Background(), route.Sheddable), ErrShed)
		assert.NoError(t, l.c.Hopeless(context.Background(), route.CriticalPlus), "it would take the place of b")
		l.free()
		assert.NoError(t, l.c.Hopeless(context.Background(), route.Critical))
		ctx, cancel := context.WithCancel(t.Context())
		l.join(ctx, "c", route.Critical)
		assert.ErrorIs(t, l.c.Hopeless(context.Background(), route.Critical), ErrShed)
		cancel()
		synctest.Wait()
		assert.NoError(t, l.c.Hopeless(context.Background(), route.Critical))
		l.drain()

		l = newLine(t, Config{Limit: 1, Queue: NoQueue})
		assert.ErrorIs(t, l.c.Hopeless(context.Background(), route.CriticalPlus), ErrShed)
		l.drain()
		assert.NoError(t, l.c.Hopeless(context.Background(), route.CriticalPlus))
	})
}

// With two places ahead at 40 ms each, 100 ms are not enough and 200 ms are.
func TestRefusedWhenTheWaitIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, c: newController(t, Config{Limit: 1, Queue: 8})}
		teach(t, l.c, 40*time.Millisecond)
		l.held = append(l.held, acquire(t, l.c))
		l.join(t.Context(), "a", route.Critical)
		l.join(t.Context(), "b", route.Critical)
		l.join(within(t, 100*time.Millisecond), "short", route.Critical)
		l.expect("short:shed")
		assert.Equal(t, refusals(l.c, TooLong), 1)
		l.join(within(t, 100*time.Millisecond), "vip", route.CriticalPlus) // stands before them
		l.join(within(t, 200*time.Millisecond), "long", route.Critical)
		l.expect()
		l.drain()
		l.expect("vip", "a", "b", "long")
	})
}

// A permit that comes free goes to someone who can still use it.
func TestDroppedAtTheGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, c: newController(t, Config{Limit: 1, Queue: 8})}
		teach(t, l.c, 40*time.Millisecond)
		l.held = append(l.held, acquire(t, l.c))
		l.join(within(t, 90*time.Millisecond), "overdue", route.Critical)
		l.join(t.Context(), "next", route.Critical)
		time.Sleep(60 * time.Millisecond)
		l.free()
		slices.Sort(l.events) // both were settled at once
		l.expect("next", "overdue:doomed")
		l.drain()
	})
}

func TestRetryAfterIsHonest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, c: newController(t, Config{Limit: 1, Queue: 50})}
		seen := map[int]bool{}
		for range 100 {
			seen[l.c.RetryAfter()] = true
		}
		assert.Equal(t, seen, map[int]bool{1: true, 2: true})
		teach(t, l.c, 100*time.Millisecond)
		l.held = append(l.held, acquire(t, l.c))
		for range 50 {
			l.join(t.Context(), "", route.Critical)
		}
		for range 100 { // 50 × 100 ms
			assert.AtLeast(t, l.c.RetryAfter(), 4)
			assert.AtMost(t, l.c.RetryAfter(), 10)
		}
		l.drain()
	})
}

func TestErrorsAreDistinct(t *testing.T) {
	for i, a := range []error{ErrShed, ErrDoomed, ErrCanceled} {
		for j, b := range []error{ErrShed, ErrDoomed, ErrCanceled} {
			assert.Equal(t, errors.Is(a, b), i == j)
		}
	}
}
