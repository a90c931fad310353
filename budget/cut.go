package budget

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// Executed is the header that says "no" on every answer that is certain not to have run the handler, so that the
// caller may send the request elsewhere.
const Executed = "Plimsoll-Executed"

// leave is how long a call that is inside net/http's body may take to end once the connection's read deadline has
// passed. It takes microseconds; the bound is for a body that is not a connection's.
const leave = time.Second

// refuse answers a request whose context had ended before its handler could start.
func refuse(ctx context.Context, w http.ResponseWriter, r *http.Request, e *Enforcement) Result {
	if e.Returned != nil {
		e.Returned(0)
	}
	cause := Cause(ctx)
	if !errors.Is(cause, ErrExceeded) {
		return Result{Outcome: Gone, Err: cause}
	}
	w.Header().Set(Executed, "no")
	if r.ProtoMajor < 2 && fromConnection(r, e) {
		_ = http.NewResponseController(w).SetReadDeadline(longAgo) // nobody waits for what is still to come of it
		hangUp(w)
	}
	return answerSpent(ctx, w, r, e)
}

// seize ends the handler's use of the real writer. When it returns, no method of the guard is inside the real writer
// and none will be: the guard's fields are the caller's alone. A write that the client does not take is given up.
//
// It waits for such a write without a limit of its own: net/http reuses its buffers once the request is over, so they
// must be free by then, and its connections do have deadlines.
func (x *exchange) seize(r *http.Request) {
	g := &x.guard
	g.controlMu.Lock()
	g.released = true
	g.controlMu.Unlock()
	writing := g.gate.shut()
	if writing == nil {
		return
	}
	// On HTTP/1.1 the first write of an answer may be reading what is left of the request.
	x.stopReading(r)
	_ = http.NewResponseController(g.real).SetWriteDeadline(time.Now().Add(stall)) // best effort, see above
	<-writing
}

// stopReading ends the handler's use of the request's body. It reports whether the connection may still hold some of
// it, which matters on HTTP/1.1 only, and returns a channel that is closed when the last read has left, nil when there
// is none.
//
// On HTTP/1.1 a handler inside Body.Read holds a lock that net/http needs to end the answer and the connection. A
// read deadline in the past makes it leave, and reading the rest of the body for the sake of the next request fails
// instead of waiting for a slow client. HTTP/2 needs none of it: the stream's end ends the read.
func (x *exchange) stopReading(r *http.Request) (unread bool, reading <-chan struct{}) {
	reading = x.body.gate.shut()
	unread = x.body.unread() && r.ProtoMajor < 2
	if unread {
		_ = http.NewResponseController(x.guard.real).SetReadDeadline(longAgo) // best effort: nobody waits for ever
	}
	return unread, reading
}

// interrupted ends a request whose context has, whether its handler has returned or not.
func (x *exchange) interrupted(ctx context.Context, w http.ResponseWriter, r *http.Request) Result {
	x.seize(r)
	g := &x.guard
	unread, reading := x.stopReading(r)
	if unread {
		defer await(reading, leave)
	}
	cause := Cause(ctx)
	result := Result{Status: g.status, Bytes: g.bytes, Err: join(g.err, cause)}
	switch {
	case g.hijacked != nil:
		_ = g.hijacked.Close() // what the handler still does with it fails, as it should
		result.Status, result.Outcome = hijackedStatus(g), Cut
	case !errors.Is(cause, ErrExceeded):
		result.Outcome = Gone
	case g.wrote:
		flushCut(w)
		result.Outcome = Cut
	default:
		if unread {
			hangUp(w)
		}
		answered := answerSpent(ctx, w, r, &x.enforcement)
		if unread && reading != nil {
			_ = http.NewResponseController(w).Flush() // the client has it before the read has left
		}
		answered.Err = result.Err
		return answered
	}
	return result
}

// await waits for a channel that is closed, or nil, but not longer than the limit.
func await(closed <-chan struct{}, limit time.Duration) {
	if closed == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
	}
}

// longAgo is a deadline in the past that is not the zero time, which means none.
var longAgo = time.Unix(1, 0)

// flushCut sends what was written before the cut: a client that got nothing at all takes the connection for a stale
// one, and sends the request again.
func flushCut(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(stall))
	_ = control.Flush() // the answer is broken either way
}

// hangUp makes HTTP/1.1 close the connection after the answer, since a part of the request is still to come on it.
// A read over http.MaxBytesReader's limit is how net/http is told to also linger until the client has the answer, which
// the reset of a connection with unread data could take from it.
func hangUp(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("-")), 0).Read(make([]byte, 1))
}

// answerSpent writes the answer of a request whose budget is spent: the 504, unless e has another.
func answerSpent(ctx context.Context, w http.ResponseWriter, r *http.Request, e *Enforcement) Result {
	t := &tally{ResponseWriter: w}
	if e.Header != nil {
		e.Header(w.Header())
	}
	if e.Answer != nil {
		e.Answer(t, r.WithContext(ctx))
	} else {
		problem.Write(t, r.WithContext(ctx), ErrExceeded)
	}
	return Result{Status: t.status, Bytes: t.bytes, Outcome: Answered, Err: Cause(ctx)}
}

// apologize answers 500 for a handler that panicked before it wrote anything.
func (x *exchange) apologize(ctx context.Context, w http.ResponseWriter, r *http.Request) Result {
	t := &tally{ResponseWriter: w}
	if x.enforcement.Header != nil {
		x.enforcement.Header(w.Header())
	}
	problem.Write(t, r.WithContext(ctx), problem.New(problem.Internal, ""))
	return Result{Status: t.status, Bytes: t.bytes, Outcome: Panicked, Err: join(x.guard.err, x.failure)}
}

// tally counts an answer that is not the handler's.
type tally struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap is for http.ResponseController.
func (t *tally) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// WriteHeader notes the final status.
func (t *tally) WriteHeader(status int) {
	if t.status < 200 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write counts, after a 200 when there was no header yet.
func (t *tally) Write(p []byte) (int, error) {
	if t.status < 200 {
		t.status = http.StatusOK
	}
	n, err := t.ResponseWriter.Write(p)
	t.bytes += int64(n)
	return n, err
}

// RecordError keeps problem.Write from logging: the error is in the Result.
func (t *tally) RecordError(error) {}
