package admission

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// machine is a runtime whose readings are made up.
type machine struct {
	t *testing.T
	c *Controller
	r processors
}

// newMachine has a controller of so many permits, all of which the limiter
// leaves alone, on two processors.
func newMachine(t *testing.T, limit int) *machine {
	t.Helper()
	m := &machine{t: t, c: newController(t, Config{Mode: Adaptive, Limit: limit})}
	m.c.limiter.due.Store(never)
	m.r = processors{count: 2, waits: make([]uint64, 5), bounds: []float64{0, 0.0001, 0.001, 0.004, 0.008, 0.064}}
	m.c.cpu.read = func(p *processors) {
		waits := append(p.waits[:0], m.r.waits...)
		*p = m.r
		p.waits = waits
	}
	m.looks(1, 0, 0, 0) // a service that was idle before
	return m
}

// looks lets so many looks pass, before each of which so many waited and so many
// are ready.
func (m *machine) looks(n, runnable int, waits uint64, wait time.Duration) {
	m.t.Helper()
	for range n {
		time.Sleep(lookEvery)
		m.r.runnable = runnable
		for i := range m.r.waits {
			if wait.Seconds() < m.r.bounds[i+1] {
				m.r.waits[i] += waits
				break
			}
		}
		m.c.tick(m.c.now())
	}
}

func (m *machine) limit() int { return m.c.Snapshot().Limit }

func (m *machine) fill(n int) []Permit {
	permits := make([]Permit, n)
	for i := range permits {
		permits[i] = acquire(m.t, m.c)
	}
	return permits
}

// What waits long for a processor, with many others, is more work than processors.
func TestSaturatedProcessorsLowerTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		m.looks(1, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 100, "one look is a burst")
		m.looks(1, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 45)
		m.looks(1, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 41)
		m.looks(100, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 3, "as many as keep the processors busy")
	})
}

// A queue of a few, a long wait of a few, and a short wait of many are normal.
func TestAFewThatWaitAreNormal(t *testing.T) {
	for _, c := range []struct {
		name     string
		runnable int
		wait     time.Duration
	}{{"few wait long", 4, 10 * time.Millisecond}, {"many wait a moment", 400, 3 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, 100)
			m.fill(50)
			m.looks(40, c.runnable, 100, c.wait)
			assert.Equal(t, m.limit(), 100, "%s", c.name)
		})
	}
}

// One wait in a hundred says nothing, however long it was.
func TestOneLongWaitIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		for range 40 {
			m.r.waits[1] += 99
			m.looks(1, 40, 1, 60*time.Millisecond)
		}
		assert.Equal(t, m.limit(), 100)
	})
}

// The bound is lifted step by step, and goes once it holds nothing back.
func TestTheBoundIsLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		m.looks(2, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 45)
		m.looks(1, 6, 100, 4*time.Millisecond)
		assert.Equal(t, m.limit(), 45, "bearable")
		m.looks(1, 0, 100, time.Millisecond)
		assert.Equal(t, m.limit(), 47)
		m.looks(30, 0, 100, time.Millisecond)
		assert.Equal(t, m.limit(), 100)
		assert.Equal(t, m.c.cpu.most.Load(), unbounded)
	})
}

// An idle service starts anew.
func TestIdlenessLiftsTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 20)
		m.fill(15)
		m.looks(2, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 14)
		time.Sleep(time.Minute)
		m.looks(1, 40, 10_000, 10*time.Millisecond) // of the minute
		assert.Equal(t, m.limit(), 15)
	})
}

// On a small service several looks make a window.
func TestFewWaitsTakeLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		m.looks(3, 40, 2, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 100)
		m.looks(1, 40, 2, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 45)
	})
}

// While the collector has stopped the world everything waits. That is no load.
func TestACollectionIsNoLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		for range 40 {
			m.r.paused += 11 * time.Millisecond
			m.looks(1, 40, 100, 10*time.Millisecond)
		}
		assert.Equal(t, m.limit(), 100)
	})
}

// A container whose quota is used up has fewer processors than it believes.
func TestAThrottledContainerIsSaturatedSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.fill(50)
		m.looks(10, 3, 100, 3*time.Millisecond)
		assert.Equal(t, m.limit(), 100)
		m.r.throttled = 0.2
		m.looks(2, 3, 100, 3*time.Millisecond)
		assert.AtMost(t, m.limit(), 49)
	})
}

// While it is hot, whoever gives way is refused before anything is spent, and for
// a second more; a free permit is given to anybody.
func TestTheLowerClassesAreNotParkedWhileItIsHot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 4)
		permits := m.fill(4)
		m.looks(2, 40, 100, 10*time.Millisecond)
		assert.Equal(t, m.limit(), 3)
		ctx := within(t, time.Minute)
		for _, class := range []route.Criticality{route.Sheddable, route.SheddablePlus} {
			_, err := m.c.Acquire(ctx, class)
			assert.ErrorIs(t, err, ErrShed)
			assert.ErrorIs(t, m.c.Hopeless(ctx, class), ErrShed)
			assert.Equal(t, m.c.refused[HotCPU][levelOf(class)].Load(), 2)
		}
		assert.NoError(t, m.c.Hopeless(ctx, route.Critical))
		permits[0].Release(Success)
		permits[1].Release(Success)
		p, err := m.c.Acquire(ctx, route.Sheddable)
		assert.NoError(t, err)

		m.looks(19, 0, 100, time.Millisecond)
		assert.True(t, m.c.hot(m.c.now()))
		m.looks(1, 0, 100, time.Millisecond)
		assert.False(t, m.c.hot(m.c.now()))
		assert.NoError(t, m.c.Hopeless(ctx, route.Sheddable))
		p.Release(Success)
	})
}

// What was waited for a processor is gone from the budget, though no clock of the
// request saw it.
func TestTheUnseenWaitIsTakenFromTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		permits := m.fill(20)
		time.Sleep(20 * time.Millisecond)
		for _, p := range permits {
			p.Release(Success)
		}
		m.looks(3, 0, 0, 0)
		ctx := within(t, 25*time.Millisecond)
		assert.NoError(t, m.c.Hopeless(ctx, route.Critical))
		m.c.cpu.late.Store(int64(10 * time.Millisecond))
		assert.ErrorIs(t, m.c.Hopeless(ctx, route.Critical), ErrDoomed)
	})
}

// The real runtime is read without allocating, and has what is asked of it.
func TestTheRuntimeIsRead(t *testing.T) {
	s, p := newScheduler(), processors{}
	s.read(&p)
	assert.AtLeast(t, p.count, 1)
	assert.Equal(t, len(p.bounds), len(p.waits)+1)
	for range 100 { // each waits once at least, and one in eight is told
		done := make(chan struct{})
		go close(done)
		<-done
	}
	before := uint64(0)
	for _, n := range p.waits {
		before += n
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.read(&p) }))
	after := uint64(0)
	for _, n := range p.waits {
		after += n
	}
	assert.AtLeast(t, after, before+1)
}
