package admission

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestSlope(t *testing.T) {
	k := keep{limit: 10, rate: 100}
	near := func(got, want float64) {
		t.Helper()
		assert.True(t, got > want-0.01 && got < want+0.01, "%v", got)
	}
	near(k.slopeTo(window{seconds: 1, useful: 130}, 13), 1) // as much more as permits
	near(k.slopeTo(window{seconds: 1, useful: 100}, 13), 0)
	near(k.slopeTo(window{seconds: 1, useful: 130}, 10), 0) // the same limit says nothing
	near(k.slopeTo(window{seconds: 1, useful: 0}, 13), 0)
}

func TestWindow(t *testing.T) {
	before := reading{at: 1e9, useful: 10, wasted: 1, pressed: 5, ended: 11, held: 1.1, squares: 0.11}
	after := reading{at: 3e9, useful: 30, wasted: 3, pressed: 10, ended: 33, held: 3.3, squares: 0.33}
	w := after.since(before)
	assert.Equal(t, w.rate(), 10.0)
	assert.Equal(t, w.total(), 11.0)
	assert.True(t, w.limited())
	assert.True(t, w.hold > 0.0999 && w.hold < 0.1001 && w.spread < 1e-6, "%+v", w)
	assert.True(t, w.inside() > 1.099 && w.inside() < 1.101)
}
