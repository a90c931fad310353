package load

import (
	"encoding/json"
	"sync/atomic"
)

// Live counts a run while it goes on, for a progress display. The zero value is ready; it may be read at any time.
type Live struct {
	due      atomic.Int64
	conns    atomic.Int64
	inFlight atomic.Int64
	by       [outcomes]atomic.Int64
}

// Counts are the requests of a run or a window, by what became of them. Intended = Sent + Unsent, always.
type Counts struct {
	Intended int64 `json:"intended"` // due so far
	Sent     int64 `json:"sent"`     // sent, or not sent because the service could not be connected to
	Unsent   int64 `json:"unsent"`   // capped + withheld + local
	By       Tally `json:"by"`
}

// Tally is a number for each outcome. In JSON it is an object of those that are not 0, by name.
type Tally [outcomes]int64

// MarshalJSON writes an object by name.
func (t Tally) MarshalJSON() ([]byte, error) {
	by := make(map[Outcome]int64)
	for o, n := range t {
		if n != 0 {
			by[Outcome(o)] = n
		}
	}
	return json.Marshal(by)
}

// UnmarshalJSON is the reverse of MarshalJSON.
func (t *Tally) UnmarshalJSON(b []byte) error {
	var by map[Outcome]int64
	if err := json.Unmarshal(b, &by); err != nil {
		return err
	}
	*t = Tally{}
	for o, n := range by {
		t[o] = n
	}
	return nil
}

// Of is how many requests had the outcome.
func (c Counts) Of(o Outcome) int64 { return c.By[o] }

// Lost is how many requests the service lost, see [Outcome.Lost].
func (c Counts) Lost() int64 {
	var n int64
	for o := range outcomes {
		if o.Lost() {
			n += c.By[o]
		}
	}
	return n
}

// InFlight is how many requests wait for their answer.
func (l *Live) InFlight() int64 { return l.inFlight.Load() }

// Conns is how many connections are open.
func (l *Live) Conns() int64 { return l.conns.Load() }

// Counts returns the counts so far; a request in flight counts as sent.
func (l *Live) Counts() Counts {
	var c Counts
	for o := range outcomes {
		c.By[o] = l.by[o].Load()
	}
	c.Intended = l.due.Load() // last: what is counted above was due by now
	c.Unsent = c.By[Capped] + c.By[Withheld] + c.By[Local]
	c.Sent = c.Intended - c.Unsent
	return c
}

// Count counts rows of a finished run.
func Count(rows []Row) Counts {
	c := Counts{Intended: int64(len(rows))}
	for i := range rows {
		o := rows[i].Outcome
		c.By[o]++
		if o.Sent() {
			c.Sent++
		} else {
			c.Unsent++
		}
	}
	return c
}
