package load

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Rows are the requests of a run, in the order in which they were due. In JSON they are one base64 string of the form
// that [AppendRows] writes.
type Rows []Row

// Result is what a run came to. It can be stored as JSON and read back.
type Result struct {
	Began     time.Time     `json:"began"`    // the start, which the rows count from
	Length    time.Duration `json:"length"`   // when the last request could be due
	Took      time.Duration `json:"took"`     // until the last request was decided
	Deadline  time.Duration `json:"deadline"` // the client's patience
	Seed      uint64        `json:"seed"`
	Routes    []string      `json:"routes"` // indexed by Row.Route
	Rows      Rows          `json:"rows"`
	Incidents []Incident    `json:"incidents,omitempty"` // the first few requests of each outcome
}

func (r *run) result() *Result {
	routes := make([]string, len(r.plan.Mix))
	for k, m := range r.plan.Mix {
		routes[k] = m.Name
	}
	var last time.Duration
	for i := range r.rows {
		last = max(last, r.rows[i].Last)
	}
	for k := range r.incidents.list {
		in := &r.incidents.list[k]
		in.Request = printable(r.plan.request(in.Row, r.rows[in.Row].Route))
	}
	return &Result{
		Began: r.Time, Length: r.plan.length(), Took: last, Deadline: r.plan.Deadline, Seed: r.plan.Seed,
		Routes: routes, Rows: r.rows, Incidents: r.incidents.list,
	}
}

// request builds request i of a run again.
func (p Plan) request(i int, route uint16) []byte {
	if build := p.Mix[route].Build; build != nil {
		return build(nil, rand.New(requestSource(p.Seed, i)), i)
	}
	return p.Mix[route].Bytes
}

// Counts counts the rows.
func (r *Result) Counts() Counts { return Count(r.Rows) }

// Lag is the quantile q of how late the generator was, over all requests that it turned to.
func (r *Result) Lag(q float64) time.Duration { return stats.Quantile(lags(r.Rows), q) }

// lags returns the sorted lags of the rows that the scheduler turned to.
func lags(rows []Row) []time.Duration {
	all := make([]time.Duration, 0, len(rows))
	for i := range rows {
		if rows[i].Picked > 0 {
			all = append(all, rows[i].Lag())
		}
	}
	slices.Sort(all)
	return all
}

// Latencies returns the sorted latencies, from when each request was due, of the rows that keep reports true for; nil
// keeps all that were sent.
func Latencies(rows []Row, keep func(*Row) bool) []time.Duration {
	all := make([]time.Duration, 0, len(rows))
	for i := range rows {
		if keep == nil && rows[i].Outcome.Sent() || keep != nil && keep(&rows[i]) {
			all = append(all, rows[i].Latency())
		}
	}
	slices.Sort(all)
	return all
}

// With returns a filter for [Latencies]: the rows with that outcome.
func With(o Outcome) func(*Row) bool { return func(r *Row) bool { return r.Outcome == o } }
