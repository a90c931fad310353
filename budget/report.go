package budget

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Report says where the time of each route went lately, for people and machines. Durations are in milliseconds.
type Report struct {
	WindowS float64       `json:"window_s"` // what is reported happened in this many last seconds
	Routes  []RouteReport `json:"routes"`   // those that served a request in it, the one with the most time first
}

// RouteReport is one route of a Report.
type RouteReport struct {
	Route    string         `json:"route"`
	Requests uint64         `json:"requests"`
	Failed   int64          `json:"failed"` // of them: a 5xx, or no whole answer
	TotalMS  float64        `json:"total_ms"`
	P50MS    float64        `json:"p50_ms"`
	P99MS    float64        `json:"p99_ms"`
	NeedMS   float64        `json:"need_ms"` // a request that arrives with less is refused
	Where    []LineReport   `json:"where"`   // the line with the most time first
	Slowest  *ExampleReport `json:"slowest,omitempty"`
}

// LineReport is one line of a route: its own work, a dependency, the queue.
type LineReport struct {
	Kind     string  `json:"kind"`
	Name     string  `json:"name,omitempty"`
	Share    float64 `json:"share"`    // of the route's time; shares of what overlaps come to more than 1
	Requests uint64  `json:"requests"` // that have this line
	Failed   int64   `json:"failed"`   // charges that failed
	P50MS    float64 `json:"p50_ms"`   // in a request that has the line
	P99MS    float64 `json:"p99_ms"`
	TraceID  string  `json:"trace_id,omitempty"` // of the request in which it took longest
}

// ExampleReport is the slowest request of a route.
type ExampleReport struct {
	TraceID string    `json:"trace_id"`
	At      time.Time `json:"at"`
	TookMS  float64   `json:"took_ms"`
	Bill    string    `json:"bill"`
}

// Report is made of the last five to six minutes, or of less where the book is younger.
func (b *Book) Report(now time.Time) Report {
	at := now.Sub(b.begun)
	window := min(at, bookWindow-bookWindow/slots+at%(bookWindow/slots))
	r := Report{WindowS: window.Round(time.Second).Seconds(), Routes: []RouteReport{}}
	for _, a := range *b.accounts.Load() {
		if route := a.report(at); route.Requests > 0 {
			r.Routes = append(r.Routes, route)
		}
	}
	slices.SortFunc(r.Routes, func(a, b RouteReport) int {
		switch {
		case a.TotalMS > b.TotalMS:
			return -1
		case a.TotalMS < b.TotalMS:
			return 1
		}
		return strings.Compare(a.Route, b.Route)
	})
	return r
}

func (a *Account) report(at time.Duration) RouteReport {
	total := a.total.read(at)
	r := RouteReport{
		Route: a.route, Requests: total.count, Failed: total.marked, TotalMS: milliseconds(total.total),
		P50MS: milliseconds(total.quantile(0.5)), P99MS: milliseconds(total.quantile(0.99)), NeedMS: milliseconds(a.need.least(at)),
	}
	if e := total.worst; e != nil {
		r.Slowest = &ExampleReport{TraceID: e.trace(), At: e.At, TookMS: milliseconds(e.Took), Bill: e.Bill}
	}
	own := a.own.read(at)
	r.Where = append(r.Where, line("own", "", &own, total.total))
	for _, i := range *a.items.Load() {
		if walls := i.walls.read(at); walls.count > 0 {
			r.Where = append(r.Where, line(i.kind.String(), i.name, &walls, total.total))
		}
	}
	slices.SortStableFunc(r.Where, func(a, b LineReport) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return 0
	})
	return r
}

func line(kind, name string, s *sum, of time.Duration) LineReport {
	l := LineReport{Kind: kind, Name: name, Requests: s.count, Failed: s.marked, P50MS: milliseconds(s.quantile(0.5)), P99MS: milliseconds(s.quantile(0.99))}
	if of > 0 {
		l.Share = float64(int64(1000*s.total/of)) / 1000
	}
	if s.worst != nil {
		l.TraceID = s.worst.trace()
	}
	return l
}

// trace is the trace id in hex; empty when there is none.
func (e *Example) trace() string {
	if e.Trace == ([16]byte{}) {
		return ""
	}
	return hex.EncodeToString(e.Trace[:])
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
