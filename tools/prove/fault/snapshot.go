package fault

import "time"

// Mark is a point in a sink's history. The zero Mark is its beginning.
type Mark int64

// Snapshot is a copy of what a sink has recorded since a mark.
type Snapshot struct {
	Taken    time.Duration // when, since the epoch
	Records  []Record      // in order of arrival; pending ones included
	Overflow int64         // calls since the mark that were counted but not kept, see Config.MaxRecords
}

// Ended counts the records with this end.
func (s Snapshot) Ended(e End) int {
	count := 0
	for i := range s.Records {
		if s.Records[i].End == e {
			count++
		}
	}
	return count
}

// ByKey counts calls by their Idempotency-Key. Calls without one are left out.
func (s Snapshot) ByKey() map[string]int {
	counts := make(map[string]int)
	for i := range s.Records {
		if key := s.Records[i].Carried.IdempotencyKey; key != "" {
			counts[key]++
		}
	}
	return counts
}

// Content names what a call asked for, apart from its headers.
type Content struct{ Method, Path, Hash string }

// ByContent counts calls by method, path and body. Calls whose body never ended
// are left out.
func (s Snapshot) ByContent() map[Content]int {
	counts := make(map[Content]int)
	for i := range s.Records {
		if r := &s.Records[i]; r.Hash != "" {
			counts[Content{r.Method, r.Path, r.Hash}]++
		}
	}
	return counts
}

// Stats are a sink's counters. All but the gauges count from its beginning.
type Stats struct {
	Calls     int64 // requests that began to arrive
	InFlight  int   // gauge: arrived and not ended
	Waiting   int   // gauge: of those, in line for a slot
	Serving   int   // gauge: of those, in a slot
	MaxFlight int   // highest InFlight since the last ResetPeak
	Overflow  int64 // calls not kept as records

	Accepted int64 // connections
	Open     int   // gauge: connections
	MaxOpen  int   // highest Open since the last ResetPeak
	OverConn int64 // connections reset because MaxConns were open
}

// Load is a sink's concurrency over one interval of its timeline.
type Load struct {
	From     time.Duration `json:"from"` // start of the interval, since the epoch
	Calls    int           `json:"calls"`
	InFlight int           `json:"in_flight"` // the highest in the interval
	Waiting  int           `json:"waiting"`   // the highest in the interval
	Open     int           `json:"open"`      // connections, the highest in the interval
}
