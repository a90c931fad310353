package budget

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// errLeft is the failure of a handler that ended its goroutine with runtime.Goexit.
var errLeft = errors.New("the handler ended its goroutine without returning")

// exchange is one request and its handler, in one allocation. What is not in the guard or the body belongs to the
// handler's goroutine until done is closed. It is never used twice: whatever a handler left running may still hold
// parts of it.
type exchange struct {
	guard       guard
	body        body
	request     *http.Request // the handler's own
	handler     http.Handler
	enforcement Enforcement
	done        chan struct{} // closed when the handler has ended; nil for a stream

	returned bool  // it returned, without a panic or runtime.Goexit
	failure  error // why it did not
}

func newExchange(ctx context.Context, r *http.Request, h http.Handler, e *Enforcement) *exchange {
	x := &exchange{handler: h, enforcement: *e, request: e.Request}
	if x.request == nil {
		x.request = r.WithContext(ctx)
	}
	if fromConnection(x.request, e) {
		x.body.real = x.request.Body
		x.request.Body = &x.body
	}
	return x
}

// fromConnection says whether the request has a body that comes from the connection.
func fromConnection(r *http.Request, e *Enforcement) bool {
	return !e.BodyRead && r.Body != nil && r.Body != http.NoBody
}

// run is the handler's own goroutine.
func (x *exchange) run() {
	defer close(x.done)
	growStack(0)
	x.serve()
}

// serve calls the handler and settles what it leaves behind.
func (x *exchange) serve() {
	defer x.settle()
	x.handler.ServeHTTP(&x.guard, x.request)
	x.returned = true
}

func (x *exchange) settle() {
	if !x.returned {
		x.caught(recover())
	}
	if x.request.MultipartForm != nil { // net/http removes the files of its own request only
		_ = x.request.MultipartForm.RemoveAll() // one that cannot be removed is no failure of the request
	}
	if x.enforcement.Returned != nil {
		x.enforcement.Returned(x.status())
	}
}

// status is the handler's own, once it has ended.
func (x *exchange) status() int {
	if !x.guard.gate.enter() {
		return 0 // whoever shut it uses the rest of the guard now
	}
	defer x.guard.gate.leave()
	switch {
	case !x.returned:
		return http.StatusInternalServerError
	case x.guard.status == 0:
		return http.StatusOK // as net/http has it, for a handler that wrote nothing
	}
	return x.guard.status
}

// caught keeps and reports what the handler panicked with.
func (x *exchange) caught(v any) {
	switch v {
	case nil:
		x.failure = errLeft
		return
	case http.ErrAbortHandler:
		x.failure = http.ErrAbortHandler
		return
	}
	if err, ok := v.(error); ok {
		x.failure = fmt.Errorf("panic: %w", err)
	} else {
		x.failure = fmt.Errorf("panic: %v", v)
	}
	stack := debug.Stack()
	if x.enforcement.Panic != nil {
		x.enforcement.Panic(v, stack)
		return
	}
	slog.Error("panic in a handler", slog.Any("panic", v), slog.String("stack", string(stack)))
}

// finished makes the result of a handler that has ended.
func (x *exchange) finished(ctx context.Context, w http.ResponseWriter, r *http.Request) Result {
	x.seize(r)
	g := &x.guard
	result := Result{Status: g.status, Bytes: g.bytes, Err: join(g.err, x.failure)}
	switch {
	case g.hijacked != nil:
		result.Status = hijackedStatus(g)
		if !x.returned {
			_ = g.hijacked.Close() // net/http does not, and who had it is gone
			result.Outcome = Aborted
		}
	case x.returned && !g.wrote && ctx.Err() != nil && !toldToEnd(ctx, &x.enforcement): // it woke at its deadline and was not let to begin an answer
		return x.interrupted(ctx, w, r)
	case x.returned:
		g.finish()
		result.Status = g.status
	case g.wrote, x.failure == http.ErrAbortHandler, x.failure == errLeft: //nolint:errorlint // set by caught, never wrapped
		result.Outcome = Aborted
	default:
		return x.apologize(ctx, w, r)
	}
	return result
}

// hijackedStatus is 101, unless the handler took the connection in the middle of an answer.
func hijackedStatus(g *guard) int {
	if g.wrote {
		return g.status
	}
	return http.StatusSwitchingProtocols
}

// join is errors.Join that keeps a single error as it is.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}
