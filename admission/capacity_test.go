package admission

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// What a service can do shows only under pressure, and is not forgotten after it.
func TestCapacityIsKnownOnceItWasPressed(t *testing.T) {
	for _, cfg := range []Config{{Mode: "fixed:4"}, {Mode: Adaptive, CPU: Unwatched}} {
		synctest.Test(t, func(t *testing.T) {
			s := newShop(t, 4, 20*time.Millisecond) // 200 a second
			s.c = newController(t, cfg)
			s.serve(120, 10*time.Second, 400*time.Millisecond, Success)
			assert.Zero(t, s.c.Snapshot().Capacity, "%s, never pressed", cfg.Mode)
			s.serve(600, 10*time.Second, 400*time.Millisecond, Success)
			pressed := s.c.Snapshot()
			assert.True(t, pressed.Capacity > 180 && pressed.Capacity < 210, "%s: %v", cfg.Mode, pressed.Capacity)
			assert.AtMost(t, pressed.CapacityAge, time.Second)
			s.serve(50, 20*time.Second, 400*time.Millisecond, Success)
			after := s.c.Snapshot()
			assert.True(t, after.Capacity > 180 && after.Capacity < 210, "%s: %v", cfg.Mode, after.Capacity)
			assert.AtLeast(t, after.CapacityAge, 18*time.Second)
			s.wg.Wait()
		})
	}
}

// A burst that waits now and then says nothing of what the service can do.
func TestBurstsTellNoCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, 4, 20*time.Millisecond)
		s.c = newController(t, Config{Mode: "fixed:4"})
		for range 40 {
			for range 6 {
				s.wg.Go(func() { s.one(time.Second, Success) })
			}
			time.Sleep(250 * time.Millisecond)
		}
		assert.Zero(t, s.c.Snapshot().Capacity)
		s.wg.Wait()
	})
}

// The states of the planes as others read them.
func TestPlanesInASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 100)
		m.c.memory.read = func() footprint { return footprint{used: 92, limit: 100} }
		m.fill(50)
		m.looks(2, 40, 100, 10*time.Millisecond)
		raw, err := json.Marshal(m.c.Snapshot())
		assert.NoError(t, err)
		assert.Contains(t, string(raw), `"capacity":0,"capacity_age_ns":0,`+
			`"cpu":{"watched":true,"hot":true,"wait_ns":8000000,"limit":45},`+
			`"memory":{"watched":true,"full":0.92,"lowest":"critical","limit":0}`)
		c := newController(t, Config{Memory: Unwatched})
		assert.Equal(t, c.Snapshot().CPU, CPUState{})
		assert.False(t, c.Snapshot().Memory.Watched)
	})
}

// Every reason has a name, an error, and is told from the error alone.
func TestReasonOf(t *testing.T) {
	c := newController(t, Config{})
	for r := range reasons {
		err := c.refuse(r, 0)
		assert.ErrorIs(t, err, reasonTable[r].err)
		assert.Equal(t, err.Error(), reasonTable[r].err.Error())
		got, ok := ReasonOf(err)
		assert.True(t, ok)
		assert.Equal(t, got, r)
		assert.NotZero(t, r.String())
	}
	_, ok := ReasonOf(ErrShed)
	assert.False(t, ok)
}
