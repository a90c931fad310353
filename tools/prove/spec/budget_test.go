package spec_test

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

func TestABudgetIsReadAsItIsWritten(t *testing.T) {
	for _, b := range []spec.Budget{{Header: "X"}, {Header: "X", Unit: "ms"}, {Header: "X", Unit: "s"}} {
		d, ok := b.Read(b.Write(1250 * time.Millisecond))
		assert.True(t, ok, b.Unit)
		assert.Equal(t, d, 1250*time.Millisecond, b.Unit)
	}
	for _, wrong := range []string{"", "soon", "-1", "NaN", "Inf", "1e30"} {
		_, ok := spec.Budget{Header: "X"}.Read(wrong)
		assert.False(t, ok, wrong)
	}
}

func FuzzBudget(f *testing.F) {
	for _, text := range []string{"5", "0.5", "-1", "NaN", "1e9"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, unit := range []string{"ms", "s"} {
			if d, ok := (spec.Budget{Header: "X", Unit: unit}).Read(text); d < 0 || d > 24*time.Hour || !ok && d != 0 {
				t.Errorf("%q in %s is %v", text, unit, d)
			}
		}
	})
}
