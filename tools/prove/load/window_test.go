package load_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// steady is a run of so many requests a second, all answered OK after 10 ms, by a generator that was never late.
func steady(rate int, length time.Duration) *load.Result {
	res := &load.Result{Length: length}
	gap := time.Second / time.Duration(rate)
	for at := time.Duration(0); at < length; at += gap {
		res.Rows = append(res.Rows, load.Row{Intended: at, Picked: at + 1, Written: at + 1, First: at + 10*time.Millisecond,
			Last: at + 10*time.Millisecond, Outcome: load.OK, Status: 200})
	}
	return res
}

func TestWindowsAreCutByWhenRequestsWereDue(t *testing.T) {
	res := steady(100, 2500*time.Millisecond)
	windows := res.Windows(500*time.Millisecond, 600*time.Millisecond)
	assert.Len(t, windows, 3, "a rest of 200 ms is left out")
	for k, w := range windows {
		assert.Len(t, w.Rows, 60, k)
		assert.Equal(t, w.From, 500*time.Millisecond+time.Duration(k)*600*time.Millisecond)
		assert.Equal(t, w.Goodput(), 100)
		assert.Equal(t, w.Offered(), 100)
		assert.True(t, w.Validity(0).Valid, w.Validity(0).Detail)
	}
	assert.Len(t, res.Windows(0, 0), 0)
	assert.Len(t, res.Windows(0, time.Minute), 0)

	windows[1].Rows[0].Outcome = load.Shed
	assert.Equal(t, windows[1].Counts().Of(load.OK), 59)
	assert.Len(t, load.Latencies(windows[1].Rows, load.With(load.OK)), 59)
	assert.Equal(t, load.Latencies(windows[1].Rows, nil)[0], 10*time.Millisecond)
}

func TestCountsAsJSON(t *testing.T) {
	c := steady(100, time.Second).Counts()
	c.By[load.Reset] = 2
	stored, err := json.Marshal(c)
	assert.NoError(t, err)
	assert.Equal(t, string(stored), `{"intended":100,"sent":100,"unsent":0,"by":{"ok":100,"reset":2}}`)
	var back load.Counts
	assert.NoError(t, json.Unmarshal(stored, &back))
	assert.Equal(t, back, c)
	assert.Error(t, json.Unmarshal([]byte(`{"by":{"gone":1}}`), &back))
}

func TestLagLimit(t *testing.T) {
	for threshold, want := range map[time.Duration]time.Duration{
		0: 2 * time.Millisecond, 20 * time.Millisecond: 2 * time.Millisecond, 60 * time.Millisecond: 3 * time.Millisecond,
		100 * time.Millisecond: 5 * time.Millisecond, time.Second: 5 * time.Millisecond,
	} {
		assert.Equal(t, load.LagLimit(threshold), want, threshold)
	}
}

// Each thing that can be wrong with a window, alone.
func TestValidity(t *testing.T) {
	for reason, spoil := range map[string]func(rows []load.Row){
		"": func([]load.Row) {},
		"lag": func(rows []load.Row) {
			for i := range 20 {
				rows[i].Picked = rows[i].Intended + 2100*time.Microsecond
			}
		},
		"unsent":    func(rows []load.Row) { rows[7].Outcome = load.Capped },
		"local":     func(rows []load.Row) { rows[7].Outcome, rows[8].Outcome = load.Local, load.Capped },
		"cancelled": func(rows []load.Row) { rows[7] = load.Row{Intended: rows[7].Intended, Outcome: load.Withheld} },
	} {
		w := steady(1000, time.Second).Window(0, time.Second)
		spoil(w.Rows)
		v := w.Validity(0)
		assert.Equal(t, v.Reason, reason)
		assert.Equal(t, v.Valid, reason == "", v.Detail)
		assert.Equal(t, v.Detail == "", v.Valid)
		if reason == "lag" {
			assert.Equal(t, v.LagP99, 2100*time.Microsecond)
			assert.True(t, w.Validity(60*time.Millisecond).Valid, "a check of 60 ms can bear 3 ms")
		}
	}
	assert.Equal(t, steady(10, time.Second).Window(time.Minute, 2*time.Minute).Validity(0).Reason, "nodata")

	withheld := steady(1000, time.Second).Window(0, time.Second)
	withheld.Rows[7].Outcome = load.Withheld
	assert.True(t, withheld.Validity(0).Valid, "the gate was closed on purpose")
}

func TestRow(t *testing.T) {
	r := load.Row{Intended: time.Second, Picked: 1001 * time.Millisecond, Last: 1200 * time.Millisecond, Outcome: load.Timeout}
	assert.Equal(t, r.Latency(), 200*time.Millisecond)
	assert.Equal(t, r.Lag(), time.Millisecond)
	assert.Equal(t, r.Service(), 0, "nothing was written")
	r.Written = 1100 * time.Millisecond
	assert.Equal(t, r.Service(), 100*time.Millisecond)
	assert.Equal(t, r.String(), "due 1.0000 s, written 1.1000 s, first byte 0.0000 s, over 1.2000 s: timeout, status 0")
}
