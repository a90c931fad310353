package budget

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestServerTimingIsRead(t *testing.T) {
	for line, want := range map[string]struct {
		app, queue time.Duration
		ok         bool
	}{
		"app;dur=12.5, q;dur=0.4":                     {12500 * time.Microsecond, 400 * time.Microsecond, true},
		`dep;desc="a, app;dur=9";dur=3,app ; dur="7"`: {7 * ms, 0, true},
		"q;dur=3":              {0, 0, false},
		"app":                  {0, 0, false},
		"app;dur=":             {0, 0, false},
		"app;dur=-1":           {0, 0, false},
		"app;dur=1e9":          {0, 0, false},
		"app;dur=NaN":          {0, 0, false},
		"app;dur=99999999999":  {0, 0, false},
		"app;dur=1.0000000001": {0, 0, false},
		"app;dur=1;dur=2":      {ms, 0, true},
		"app;dur=1,app;dur=2":  {2 * ms, 0, true}, // the longer one makes the network shorter: nobody's budget is cut by it
		"APP;dur=1":            {0, 0, false},
		`app;desc="\";dur=5`:   {0, 0, false},
		"":                     {0, 0, false},
		strings.Repeat("x;dur=1,", 40) + "app;dur=1":      {0, 0, false}, // beyond what is looked at
		strings.Repeat(" ", 2000) + "app;dur=1":           {0, 0, false},
		strings.Repeat(",", 20) + "app;dur=0.000001":      {1, 0, true},
		`x;desc="unterminated, app;dur=1`:                 {0, 0, false},
		"app;dur=9999999999.999999, q;dur=1;desc=queue;x": {9999999999*ms + 999999, ms, true},
	} {
		app, queue, ok := ServerTiming(http.Header{"Server-Timing": {line}})
		assert.Equal(t, ok, want.ok, "%q", line)
		assert.Equal(t, app, want.app, "%q", line)
		assert.Equal(t, queue, want.queue, "%q", line)
	}
}

func TestALineFloodOfServerTimingIsBounded(t *testing.T) {
	h := http.Header{}
	for range 10_000 {
		h.Add("Server-Timing", "x;dur=1")
	}
	h.Add("Server-Timing", "app;dur=1")
	_, _, ok := ServerTiming(h)
	assert.False(t, ok)
}

func TestServerTimingIsWrittenAsItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		assert.Equal(t, l.ServerTiming(time.Now()), "app;dur=0, q;dur=0")
		time.Sleep(2 * ms)
		l.Enter(Queue, "", 2*ms)
		e := Charge(ctx, Dependency, `pay"ments, app;dur=9`)
		e.Attempt(0).End(nil)
		time.Sleep(3 * ms)
		h := http.Header{"Server-Timing": {"cache;dur=1"}}
		l.AddServerTiming(h, time.Now())
		assert.Equal(t, h["Server-Timing"], []string{"cache;dur=1", `app;dur=5, q;dur=2, dep;desc="pay_ments__app_dur_9";dur=3`})
		app, queue, ok := ServerTiming(h)
		assert.True(t, ok)
		assert.Equal(t, app, 5*ms)
		assert.Equal(t, queue, 2*ms)

		var none *Ledger
		none.AddServerTiming(h, time.Now())
		assert.Len(t, h["Server-Timing"], 2)
	})
}

func FuzzServerTiming(f *testing.F) {
	for _, seed := range []string{"", "app;dur=1", `app;desc="\"";dur=1.5, q;dur=2`, "app;dur=9999999999.999999999", ",,;;==\"\"", "q;dur=1,app"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		app, queue, ok := ServerTiming(http.Header{"Server-Timing": {v}})
		if app < 0 || queue < 0 || !ok && app+queue != 0 {
			t.Fatalf("%q is %v, %v, %v", v, app, queue, ok)
		}
		twice, _, _ := ServerTiming(http.Header{"Server-Timing": {v, v}})
		if twice != app {
			t.Fatalf("%q twice is %v, once %v", v, twice, app)
		}
		var l Ledger // whatever a name is, the line that is written reads as itself
		ctx := l.Open(t.Context(), Terms{})
		Charge(ctx, Dependency, v).End(nil)
		written := l.ServerTiming(l.arrival.Add(7 * ms))
		if app, queue, ok := ServerTiming(http.Header{"Server-Timing": {written}}); !ok || app != 7*ms || queue != 0 {
			t.Fatalf("%q is read as %v, %v, %v", written, app, queue, ok)
		}
	})
}

func FuzzParseAttempt(f *testing.F) {
	for _, seed := range []string{"", "0", "3", "99", "100", "-1", "1;a=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if n, ok := ParseAttempt(v); n < 0 || n > mostAttempts || !ok && n != 0 {
			t.Fatalf("%q is %v, %v", v, n, ok)
		}
	})
}
