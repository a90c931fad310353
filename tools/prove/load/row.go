package load

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// Flags are what else is known about a request.
type Flags uint8

// The flags of a row.
const (
	Reused      Flags = 1 << iota // on a connection that had carried a request before, or was opened before the start
	Fresh                         // on a connection of its own, by Plan.Fresh
	NotExecuted                   // the answer says "Plimsoll-Executed: no"
	LastAnswer                    // the answer ends its connection ("Connection: close", HTTP/1.0, delimited by the end)
	Stale                         // on a connection whose end had arrived but was not noticed yet, by Plan.Blind
)

// Row is one intended request. Times count from the start of the run; zero means that it did not happen. 48 bytes.
type Row struct {
	Intended   time.Duration // when it was due
	Picked     time.Duration // when the scheduler turned to it; later than Intended by the generator's lag
	Written    time.Duration // when its first byte was given to the kernel
	First      time.Duration // when the first byte of the answer was read
	Last       time.Duration // when it was decided: the last byte, the end of the connection, the end of patience
	Status     uint16        // of the answer, also of an incomplete one
	RetryAfter int16         // seconds; wire.NoRetryAfter or wire.BadRetryAfter; at most 32,767
	Route      uint16        // index into Plan.Mix
	Outcome    Outcome
	Flags      Flags
}

// Latency is the time from when the request was due until it was decided: what its user waited.
func (r *Row) Latency() time.Duration { return r.Last - r.Intended }

// Service is the time from the first byte written until it was decided, without our own lag and without connecting; 0 if
// nothing was written.
func (r *Row) Service() time.Duration {
	if r.Written == 0 {
		return 0
	}
	return r.Last - r.Written
}

// Lag is how late the generator was.
func (r *Row) Lag() time.Duration { return r.Picked - r.Intended }

// Has reports whether all of the flags are set.
func (r *Row) Has(f Flags) bool { return r.Flags&f == f }

// String returns one line for evidence.
func (r *Row) String() string {
	return fmt.Sprintf("due %.4f s, written %.4f s, first byte %.4f s, over %.4f s: %s, status %d",
		r.Intended.Seconds(), r.Written.Seconds(), r.First.Seconds(), r.Last.Seconds(), r.Outcome, r.Status)
}

// answer records what is known of an answer, complete or not.
func (r *Row) answer(p *wire.Parser) {
	r.Status = uint16(p.Status)
	r.RetryAfter = int16(min(p.RetryAfter, 1<<15-1))
	if p.NotExecuted {
		r.Flags |= NotExecuted
	}
	if p.Close {
		r.Flags |= LastAnswer
	}
}
