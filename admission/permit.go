package admission

import (
	"sync/atomic"
	"time"
)

// Outcome is how admitted work ended. Only Success counts as an example of how
// long the work takes.
type Outcome uint8

// The outcomes.
const (
	Success  Outcome = iota // useful: finished in time, also when it answered a 4xx
	Failed                  // a 5xx, a panic, an error of the work itself
	Late                    // finished after its deadline
	Canceled                // the caller left before the end
	Unused                  // nothing was run
	outcomes
)

var outcomeNames = [outcomes]string{"success", "failed", "late", "canceled", "unused"}

// String names the outcome in metrics.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// MarshalText is String, for JSON.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Permit is the right to run one piece of work. It is to be released when the
// work has truly returned. The zero Permit holds nothing.
type Permit struct {
	lease      *lease
	generation uint64
	waited     time.Duration
}

// Waited is how long the work stood in the queue; 0 if it did not.
func (p Permit) Waited() time.Duration { return p.waited }

// Release gives the permit back. Only the first Release of a permit and all its
// copies does anything, from whichever goroutine; an Outcome that is not one of
// the constants counts as Failed.
func (p Permit) Release(o Outcome) {
	l := p.lease
	if l == nil || !l.generation.CompareAndSwap(p.generation, p.generation+1) {
		return
	}
	c, start, deadline := l.owner, l.granted, l.deadline
	c.leases.Put(l)
	c.finish(start, deadline, o)
}

// lease is what a permit points to, and before that a place in the queue. It is
// used again by others; the generation tells whose it is.
type lease struct {
	generation atomic.Uint64
	owner      *Controller
	granted    int64 // when, on the controller's clock
	deadline   int64 // on the controller's clock

	// While queued, guarded by the controller's mutex.
	next, prev *lease
	flow       *flow
	level      int
	tenant     uint64
	asked      int64 // when, on the controller's clock
	until      int64 // when its patience ends, on the controller's clock
	order      uint64
	queued     bool

	// settled gets one verdict when a queued lease leaves the queue by
	// another hand than its owner's. It is made when a lease first waits.
	settled chan verdict

	timer *time.Timer // of its patience; made when a lease first needs one
}

// verdict is what became of a queued lease: granted, or the reason why not.
type verdict struct {
	granted bool
	reason  Reason
}

// settle tells the waiter. The channel has room: a lease is settled once each
// time that it is queued, and its waiter always takes the verdict.
func (l *lease) settle(v verdict) { l.settled <- v }
