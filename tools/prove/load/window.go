package load

import (
	"fmt"
	"sort"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Window is the requests of a run that were due in a span of time.
type Window struct {
	From time.Duration `json:"from_ns"` // since the start
	To   time.Duration `json:"to_ns"`   // exclusive
	Rows []Row         `json:"-"`       // shares the result's memory
}

// Window returns the requests that were due from one moment to before another.
func (r *Result) Window(from, to time.Duration) Window {
	due := func(t time.Duration) int {
		return sort.Search(len(r.Rows), func(i int) bool { return r.Rows[i].Intended >= t })
	}
	return Window{From: from, To: to, Rows: r.Rows[due(from):due(to)]}
}

// Windows cuts the run, from a moment to its length, into whole windows of a width; a rest that is shorter is left out.
func (r *Result) Windows(from, width time.Duration) []Window {
	var all []Window
	for width > 0 && from+width <= r.Length {
		all = append(all, r.Window(from, from+width))
		from += width
	}
	return all
}

// Counts counts the rows.
func (w Window) Counts() Counts { return Count(w.Rows) }

// Goodput is the requests a second, of those due in the window, that were answered OK within the client's patience.
func (w Window) Goodput() float64 {
	return float64(w.Counts().Of(OK)) / (w.To - w.From).Seconds()
}

// Offered is the requests a second that were due.
func (w Window) Offered() float64 { return float64(len(w.Rows)) / (w.To - w.From).Seconds() }

// Validity says whether a window measured the service or the machine that the generator ran on.
type Validity struct {
	Valid    bool          `json:"valid"`
	Reason   string        `json:"reason,omitempty"` // coded: nodata, lag, unsent, local or cancelled
	Detail   string        `json:"detail,omitempty"` // for people
	LagP99   time.Duration `json:"lag_p99_ns"`
	LagLimit time.Duration `json:"lag_limit_ns"`
	Capped   int64         `json:"capped"` // requests that were due and not sent
	Local    int64         `json:"local"`  // of them, for want of a port, descriptor or memory on our side
}

// LagLimit is how late the generator's p99 may be when latencies are judged against a threshold: 5 % of it, at least
// 2 ms, at most 5 ms. In twenty windows, half of them beside CPU hogs, 5 ms kept exactly the undisturbed ones; their
// p99 latencies varied by 2.7 % instead of 33 %.
func LagLimit(threshold time.Duration) time.Duration {
	return min(max(2*time.Millisecond, threshold/20), 5*time.Millisecond)
}

// Validity judges the window for a check whose latencies are compared to threshold; 0 asks for the strictest gate.
// Requests that were withheld by the gate do not make it invalid.
func (w Window) Validity(threshold time.Duration) Validity {
	c := w.Counts()
	v := Validity{LagLimit: LagLimit(threshold), Capped: c.Of(Capped), Local: c.Of(Local)}
	all := lags(w.Rows)
	v.LagP99 = stats.Quantile(all, 0.99)
	switch {
	case c.Of(Cancelled) > 0, len(all) < len(w.Rows):
		v.Reason, v.Detail = "cancelled", "the run was cancelled"
	case len(w.Rows) == 0:
		v.Reason, v.Detail = "nodata", "no request was due"
	case v.Local > 0:
		v.Reason = "local"
		v.Detail = fmt.Sprintf("our machine refused %d connections: no port, descriptor or memory left", v.Local)
	case v.Capped > 0:
		v.Reason, v.Detail = "unsent", fmt.Sprintf("%d requests were due while too many were in flight", v.Capped)
	case v.LagP99 > v.LagLimit:
		v.Reason = "lag"
		v.Detail = fmt.Sprintf("the generator was late: p99 %.1f ms, at most %.1f ms", ms(v.LagP99), ms(v.LagLimit))
	default:
		v.Valid = true
	}
	return v
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
