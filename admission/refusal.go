package admission

import (
	"context"
	"errors"

	"github.com/plimsoll-go/plimsoll/route"
)

// What Hopeless and Acquire return. All three mean that the work was not
// started.
var (
	// ErrShed: there is no room for this work now. Elsewhere or later there
	// may be. Answered 503.
	ErrShed = errors.New("shed: the service is at its limit")

	// ErrDoomed: less time is left than the work takes. Answered 504.
	ErrDoomed = errors.New("doomed: less time is left than the work takes")

	// ErrCanceled: the caller stopped waiting.
	ErrCanceled = errors.New("canceled: the caller stopped waiting for admission")
)

// Reason says why work was refused.
type Reason uint8

// The reasons, with the error that Acquire returns for each.
const (
	QueueFull Reason = iota // ErrShed: the queue had no place for the class
	Evicted                 // ErrShed: a higher class took its place in the queue
	TooLong                 // ErrShed: the estimated wait and the typical work exceed the budget
	HotCPU                  // ErrShed: work waits for processors, and the class is one that gives way
	LowMemory               // ErrShed: the memory is nearly full, and the class is one that gives way
	Spent                   // ErrDoomed: the budget was over, or shorter than anything that lately succeeded
	Overdue                 // ErrDoomed: the budget ran out in the queue
	Left                    // ErrCanceled: the context was cancelled
	reasons
)

var reasonTable = [reasons]struct {
	name string
	err  error
}{
	QueueFull: {"queue-full", ErrShed},
	Evicted:   {"evicted", ErrShed},
	TooLong:   {"too-long", ErrShed},
	HotCPU:    {"cpu", ErrShed},
	LowMemory: {"memory", ErrShed},
	Spent:     {"spent", ErrDoomed},
	Overdue:   {"overdue", ErrDoomed},
	Left:      {"left", ErrCanceled},
}

// String names the reason in metrics.
func (r Reason) String() string {
	if r < reasons {
		return reasonTable[r].name
	}
	return "unknown"
}

// MarshalText is String, for JSON.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ended is the reason for a context that has ended, given the one for its
// deadline.
func ended(err error, deadline Reason) Reason {
	if errors.Is(err, context.DeadlineExceeded) {
		return deadline
	}
	return Left
}

// refusal is what Hopeless and Acquire return: an error with its reason.
type refusal struct {
	reason Reason
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// prebuilt are all refusals.
var prebuilt = newPrebuilt()

func newPrebuilt() (all [reasons]*refusal) {
	for r := range reasons {
		all[r] = &refusal{r, reasonTable[r].err}
	}
	return all
}

// ReasonOf is why an error of Hopeless or Acquire was returned. It is false for
// any other error.
func ReasonOf(err error) (Reason, bool) {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return 0, false
	}
	return r.reason, true
}

// refuse counts one refusal and returns its error.
func (c *Controller) refuse(r Reason, level int) error {
	c.refused[r][level].Add(1)
	return prebuilt[r]
}

// levels are the classes as indices, lowest first.
const levels = 4

// levelOf is the class as an index. Unset means Critical, as everywhere;
// anything above the highest class is the highest.
func levelOf(class route.Criticality) int {
	if class == route.Unset {
		class = route.Critical
	}
	return int(min(class, route.CriticalPlus) - route.Sheddable)
}

// classOf is the inverse of levelOf.
func classOf(level int) route.Criticality {
	return route.Sheddable + route.Criticality(level)
}
