package admission

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// filled is a controller whose memory is made up.
type filled struct {
	c     *Controller
	f     footprint
	asked int // for a collection
}

func newFilled(t *testing.T, cfg Config) *filled {
	t.Helper()
	m := &filled{c: newController(t, cfg), f: footprint{limit: 1000}}
	m.c.memory.read = func() footprint { return m.f }
	m.c.memory.collect = func() { m.asked++ }
	return m
}

// at lets a look find so much used, after a collection.
func (m *filled) at(used uint64) {
	m.f.used = used
	m.f.cycles++
	m.look()
}

func (m *filled) look() {
	time.Sleep(lookEvery)
	m.c.tick(m.c.now())
	synctest.Wait()
}

// lets returns the lowest class that is let in, and says that Hopeless knows.
func (m *filled) lets(t *testing.T) route.Criticality {
	t.Helper()
	for class := route.Sheddable; class <= route.CriticalPlus; class++ {
		before := m.c.refused[LowMemory][levelOf(class)].Load()
		p, err := m.c.Acquire(t.Context(), class)
		if err == nil {
			p.Release(Unused)
			assert.NoError(t, m.c.Hopeless(t.Context(), class))
			return class
		}
		assert.ErrorIs(t, err, ErrShed)
		assert.ErrorIs(t, m.c.Hopeless(t.Context(), class), ErrShed)
		assert.Equal(t, m.c.refused[LowMemory][levelOf(class)].Load(), before+2)
	}
	return route.Unset
}

func TestMemoryThatIsNearlyFullShedsTheLowerClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFilled(t, Config{})
		for _, step := range []struct {
			used   uint64
			lowest route.Criticality
		}{
			{899, route.Sheddable}, {900, route.Critical}, {899, route.Critical}, {850, route.Critical}, {849, route.Sheddable},
			{950, route.CriticalPlus}, {901, route.CriticalPlus}, {899, route.Critical}, {960, route.CriticalPlus}, {100, route.Sheddable},
		} {
			m.at(step.used)
			assert.Equal(t, m.lets(t), step.lowest, "at %d", step.used)
		}
	})
}

// Who waits is refused as well.
func TestMemoryThatIsNearlyFullClearsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFilled(t, Config{Limit: 1})
		p := acquire(t, m.c)
		outcomes := map[route.Criticality]chan error{}
		for _, class := range []route.Criticality{route.SheddablePlus, route.CriticalPlus} {
			outcome := make(chan error, 1)
			outcomes[class] = outcome
			go func() {
				p, err := m.c.Acquire(t.Context(), class)
				p.Release(Success)
				outcome <- err
			}()
			synctest.Wait()
		}
		m.at(900)
		assert.ErrorIs(t, <-outcomes[route.SheddablePlus], ErrShed)
		p.Release(Success)
		assert.NoError(t, <-outcomes[route.CriticalPlus])
	})
}

// What is in flight took the memory: fewer permits, and more again step by step,
// each after a collection.
func TestMemoryThatIsNearlyFullTakesPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFilled(t, Config{Limit: 100})
		permits := make([]Permit, 64)
		for i := range permits {
			permits[i] = acquire(t, m.c)
		}
		limit := func() int { return m.c.Snapshot().Limit }
		m.at(940)
		assert.Equal(t, limit(), 100)
		m.at(2000)
		assert.Equal(t, limit(), 27) // of which 850 would be the share
		m.look()
		assert.Equal(t, limit(), 27, "nothing new is known")
		for _, p := range permits {
			p.Release(Success)
		}
		m.at(870)
		assert.Equal(t, limit(), 27)
		m.at(500)
		assert.Equal(t, limit(), 28)
		assert.Equal(t, m.c.Snapshot().QueueLimit, 100)
		for range 100 {
			m.at(500)
		}
		assert.Equal(t, limit(), 100)
		assert.Zero(t, m.c.Snapshot().Memory.Limit)
	})
}

// While little runs there may be no collection for minutes, and without one
// nothing tells that the memory is free again.
func TestACollectionIsAskedForWhileMemoryIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFilled(t, Config{})
		m.at(900)
		for range int(askAgain / lookEvery) {
			m.look()
		}
		assert.Zero(t, m.asked)
		m.look()
		assert.Equal(t, m.asked, 1)
		for range int(askAgain/lookEvery) + 1 {
			m.at(900)
		}
		assert.Equal(t, m.asked, 1, "there are collections")
		m.at(100)
		time.Sleep(time.Minute)
		m.look()
		assert.Equal(t, m.asked, 1, "there is memory")
	})
}

func TestWithoutALimitMemoryIsNeverShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFilled(t, Config{})
		m.f.limit = 0
		m.at(math.MaxInt64)
		assert.Equal(t, m.lets(t), route.Sheddable)
	})
}

func TestMemoryIsNotWatchedWhereItIsSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cfg := range []Config{{Memory: Unwatched}, {Mode: Off}} {
			m := newFilled(t, cfg)
			m.at(1000)
			assert.Equal(t, m.lets(t), route.Sheddable)
		}
	})
}

// Garbage does not count, what is alive does; and without a limit of its own the
// collector lets the heap grow to its goal.
func TestTheRealFootprint(t *testing.T) {
	p := newProcess()
	p.group = 1 << 30
	debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(math.MaxInt64)
	before := p.read()
	assert.Equal(t, before.limit, 1<<40)
	for range 64 {
		garbage = make([]byte, 1<<20)
	}
	runtime.GC() // the last one stays
	after := p.read()
	assert.True(t, after.cycles > before.cycles)
	assert.AtMost(t, after.used, before.used+32<<20)
	held64 := make([]byte, 64<<20)
	runtime.GC()
	held := p.read()
	runtime.KeepAlive(held64)
	assert.AtLeast(t, held.used, after.used+60<<20)
	debug.SetMemoryLimit(math.MaxInt64)
	unbound := p.read()
	assert.Equal(t, unbound.limit, 1<<30)
	assert.AtLeast(t, unbound.used, held.used+50<<20)
	garbage = nil
	assert.Zero(t, testing.AllocsPerRun(100, func() { p.read() }))
}

var garbage []byte // so that nothing is optimised away

func TestTheMemoryOfAGroup(t *testing.T) {
	dir := t.TempDir()
	groups := filepath.Join(dir, "groups")
	assert.NoError(t, os.WriteFile(groups, []byte("0::/\n"), 0o600))
	assert.Zero(t, groupMemory(groups, dir))
	for text, want := range map[string]uint64{"536870912\n": 512 << 20, "max\n": 0, "": 0, "-1": 0} {
		assert.NoError(t, os.WriteFile(filepath.Join(dir, "memory.max"), []byte(text), 0o600))
		assert.Equal(t, groupMemory(groups, dir), want, "%q", text)
	}
}
