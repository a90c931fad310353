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
	Began     time.Time     `json:"began"`       // the start, which the rows count from
	Length    time.Duration `json:"length_ns"`   // when the last request could be due
	Took      time.Duration `json:"took_ns"`     // until the last request was decided
	Deadline  time.Duration `json:"deadline_ns"` // the client's patience
	Seed      uint64        `json:"seed"`
	Routes    []string      `json:"routes"` // indexed by Row.Route
	Rows      Rows          `json:"rows"`
	Incidents []Incident    `json:"incidents,omitempty"` // the first few requests of each outcome
}

func (r *run) result() *Result {
	res := &Result{Began: r.Time, Length: r.plan.length(), Deadline: r.plan.Deadline, Seed: r.plan.Seed, Rows: r.rows}
	res.complete(r.plan.Mix, &r.incidents)
	return res
}

// complete fills in what follows from the rows and the mix.
func (r *Result) complete(mix []Request, l *incidents) {
	for _, m := range mix {
		r.Routes = append(r.Routes, m.Name)
	}
	for i := range r.Rows {
		r.Took = max(r.Took, r.Rows[i].Last)
	}
	for _, in := range l.list {
		in.Request = printable(rebuild(mix[r.Rows[in.Row].Route], r.Seed, in.Row))
		r.Incidents = append(r.Incidents, in)
	}
}

// rebuild returns the bytes of request i of a run.
func rebuild(m Request, seed uint64, i int) []byte {
	if m.Build != nil {
		return m.Build(nil, rand.New(requestSource(seed, i)), i)
	}
	return m.Bytes
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
