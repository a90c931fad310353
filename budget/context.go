package budget

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// DefaultLimit is how long a request may take when nobody says otherwise.
const DefaultLimit = 5 * time.Second

// ErrExceeded is the cause of a context whose budget is spent. It is a context.DeadlineExceeded.
var ErrExceeded = fmt.Errorf("the request's budget is spent: %w", context.DeadlineExceeded)

// ErrClientGone says that nobody waits for the answer any more. It is a context.Canceled.
var ErrClientGone = fmt.Errorf("the client is gone: %w", context.Canceled)

// Start puts a request's deadline into its context: arrival plus limit, or plus what the headers allow when that is
// less. When it passes, the context's cause is ErrExceeded. The arrival must have a monotonic reading (time.Now). A
// limit of 0 or less means DefaultLimit. A ledger that parent carries is told.
func Start(parent context.Context, arrival time.Time, limit time.Duration, h http.Header) (context.Context, context.CancelFunc) {
	var r Reader
	return r.Start(parent, arrival, limit, h)
}

// Start is the function of that name, with the headers that the Reader reads.
func (r *Reader) Start(parent context.Context, arrival time.Time, limit time.Duration, h http.Header) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	if inbound, ok := r.Inbound(h); ok {
		limit = min(limit, inbound)
	}
	deadline := arrival.Add(limit)
	FromContext(parent).expect(deadline)
	return context.WithDeadlineCause(parent, deadline, ErrExceeded)
}

// Remaining returns how much time ctx leaves, 0 when it is over, and whether it has a deadline at all.
func Remaining(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, false
	}
	return max(0, time.Until(deadline)), true
}

// Cause says why a request's context has ended: nil when it has not, ErrExceeded, ErrClientGone when the server
// cancelled it without a reason of its own, or the cause it was given.
func Cause(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		return nil
	case errors.Is(cause, context.DeadlineExceeded):
		return ErrExceeded
	case cause == context.Canceled: //nolint:errorlint // a wrapped one is a cause that somebody gave
		return ErrClientGone
	}
	return cause
}
