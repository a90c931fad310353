package admission

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestParseMode(t *testing.T) {
	for _, word := range []string{"fixed", "adaptive", "off", "fixed:1", "fixed:40", "fixed:2147483647"} {
		m, err := ParseMode(word)
		assert.NoError(t, err, word)
		assert.Equal(t, m.String(), word)
	}
	for _, word := range []string{
		"", "Adaptive", "adaptive:4", "Fixed", "fixed:", "fixed:0", "fixed:-1", "fixed:+1", "fixed:01", "fixed: 1", "fixed:1 ", "fixed:1.5",
		"fixed:2147483648", "fixed:99999999999999999999", "off:1", "none", "0", "40",
	} {
		_, err := ParseMode(word)
		assert.Error(t, err, word)
		assert.Contains(t, err.Error(), "want fixed, fixed:N", word)
	}
}

func FuzzParseMode(f *testing.F) {
	for _, word := range []string{"fixed", "off", "fixed:40", "fixed:0", "adaptiv"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		m, err := ParseMode(word)
		if err != nil {
			return
		}
		assert.Equal(t, m.String(), word)
		_, err = New(Config{Mode: m})
		assert.NoError(t, err)
	})
}

func TestSizes(t *testing.T) {
	processors := runtime.GOMAXPROCS(0)
	for name, c := range map[string]struct {
		cfg          Config
		limit, queue int
	}{
		"default":     {Config{}, 64 * processors, 64 * processors},
		"named":       {Config{Mode: "fixed:40"}, 40, 40},
		"limit":       {Config{Limit: 7}, 7, 7},
		"both agree":  {Config{Mode: "fixed:7", Limit: 7, Queue: 3}, 7, 3},
		"no queue":    {Config{Limit: 7, Queue: NoQueue}, 7, 0},
		"off":         {Config{Mode: Off}, maxLimit, 0},
		"long queue":  {Config{Limit: 1, Queue: 1000}, 1, 1000},
		"only fixed":  {Config{Mode: Fixed}, 64 * processors, 64 * processors},
		"huge, named": {Config{Mode: "fixed:2147483647", Queue: 1}, maxLimit, 1},
	} {
		limit, queue := c.cfg.sizes()
		assert.Equal(t, [2]int{limit, queue}, [2]int{c.limit, c.queue}, name)
		_, err := New(c.cfg)
		assert.NoError(t, err, name)
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	_, err := New(Config{Mode: "adaptiv", Limit: -1, Queue: -2})
	assert.Error(t, err)
	for _, part := range []string{`admission mode "adaptiv"`, "admission limit -1", "admission queue -2"} {
		assert.Contains(t, err.Error(), part)
	}
	for _, cfg := range []Config{
		{Mode: "fixed:40", Limit: 50}, {Mode: Off, Limit: 1}, {Mode: Off, Queue: 1}, {Limit: maxLimit + 1}, {Queue: maxLimit + 1},
	} {
		assert.Error(t, cfg.Validate(), "%+v", cfg)
	}
}

// Every value of the closed sets has a name of its own, and what is outside has
// none of theirs.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range reasons {
		assert.False(t, seen[r.String()], r.String())
		seen[r.String()] = true
		err := reasonTable[r].err
		assert.True(t, errors.Is(err, ErrShed) || errors.Is(err, ErrDoomed) || errors.Is(err, ErrCanceled), r.String())
	}
	for o := range outcomes {
		assert.False(t, seen[o.String()], o.String())
		seen[o.String()] = true
	}
	assert.False(t, seen[""])
	assert.Equal(t, reasons.String()+outcomes.String(), strings.Repeat("unknown", 2))
}
