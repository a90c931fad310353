package budget

import (
	"context"
	"net/http"
	"time"
)

// farewell is how long a declared stream may write on when its time is up, for a closing event.
const farewell = time.Second

// stream runs the handler on the connection's goroutine. The context's deadline is the most that the stream declared:
// when it and the farewell have passed, reads and writes fail, which ends any stream that still does either.
func (x *exchange) stream(ctx context.Context, w http.ResponseWriter, r *http.Request) Result {
	x.guard.open(w, nil, &x.enforcement)
	stop := context.AfterFunc(ctx, func() {
		if Cause(ctx) == ErrExceeded { //nolint:errorlint // Cause returns it as it is
			x.expire()
		}
	})
	defer stop()
	x.serve()
	deadline, limited := ctx.Deadline()
	if limited && time.Since(deadline) >= farewell {
		result := x.interrupted(ctx, w, r)
		result.Err = join(result.Err, x.failure)
		return result
	}
	return x.finished(ctx, w, r)
}

// toldToEnd says that a stream's context was ended for a cause that somebody gave, such as a drain. Its client still waits,
// so the stream may still answer.
func toldToEnd(ctx context.Context, e *Enforcement) bool {
	if !e.Stream {
		return false
	}
	cause := Cause(ctx)
	return cause != nil && cause != ErrExceeded && cause != ErrClientGone //nolint:errorlint // Cause returns them as they are
}

// expire sets the last deadlines of a stream; the handler may set none after it.
func (x *exchange) expire() {
	g := &x.guard
	g.controlMu.Lock()
	defer g.controlMu.Unlock()
	if g.released {
		return // the handler has returned: the writer is not ours any more
	}
	g.released = true
	end := time.Now().Add(farewell)
	control := http.NewResponseController(g.real)
	_ = control.SetWriteDeadline(end) // best effort: a writer without deadlines is not a network's
	x.body.last.Store(&end)           // also for a body that sets read deadlines of its own
	if x.body.unread() {
		_ = control.SetReadDeadline(end) // never under net/http's own background read, which would end the connection
	}
}
