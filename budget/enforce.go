package budget

import (
	"context"
	"net/http"
)

// Enforcement says how Enforce treats one request. The zero value cuts at the deadline and answers 504.
type Enforcement struct {
	// Stream runs the handler on the connection's own goroutine and never cuts it at the context's deadline: it is
	// the most the stream declared, and 1 s after it reads and writes fail.
	Stream bool

	// BodyRead says that r.Body is in memory: nothing of the request is left on the connection, so the connection
	// is kept after a 504.
	BodyRead bool

	// Hijack lets the handler take the connection. False: it gets http.ErrNotSupported.
	Hijack bool

	// Request is what the handler gets, where the caller made one for it with the deadline in its context: from then
	// on it is the handler's alone. Nil: a copy of r.
	Request *http.Request

	// Header has the last word on the header of the answer, whoever made it. It is called at most once, before the
	// status is sent. Nil: nothing is changed.
	Header func(http.Header)

	// Answer writes the answer of a request whose budget is spent. It must not read r's header or body, which the
	// handler may be using. Nil: the 504, as problem details.
	Answer func(w http.ResponseWriter, r *http.Request)

	// Returned is called once, when the handler has truly returned, and that may be long after Enforce has. It is
	// called before Enforce returns when the handler never ran. The status is the handler's own: 500 when it
	// panicked, 0 when it never ran or its request was over before it had returned.
	Returned func(status int)

	// Panic is told what a handler panicked with, also after its request was over; not of http.ErrAbortHandler.
	// Nil: it is logged by slog.
	Panic func(v any, stack []byte)
}

// Result is how a request ended.
type Result struct {
	// Status is what the client was told; 0 when it was told nothing, 101 when the connection was hijacked.
	Status int

	// Bytes counts the answer's body as the handler, or Answer, wrote it.
	Bytes int64

	// Outcome says who answered. When Outcome.Aborts, the caller owes a panic(http.ErrAbortHandler).
	Outcome Outcome

	// Bill says where the time went. Only Middleware makes one, and only where the ledger is its own.
	Bill *Bill

	// Err is why it ended so: what the handler reported by RecordError, joined with ErrExceeded, ErrClientGone, or
	// what it panicked with. Nil: nothing went wrong.
	Err error
}

// Enforce runs h under the deadline that r's context carries and returns when the answer is with w, by the deadline.
//
// A handler that still runs then is left to itself until it returns: its writer and its body only return errors, and
// its panics are caught. It has its own copy of r, but r's header, URL and form are shared with it: a caller reads
// what it needs of them before it calls Enforce.
//
// The budget is spent before h could start: h never runs, and the answer says Plimsoll-Executed: no.
func Enforce(w http.ResponseWriter, r *http.Request, h http.Handler, e Enforcement) Result {
	if e.Request != nil {
		return enforce(e.Request.Context(), w, r, h, &e)
	}
	return enforce(r.Context(), w, r, h, &e)
}

// enforce is Enforce with the deadline in ctx instead of r's own context.
func enforce(ctx context.Context, w http.ResponseWriter, r *http.Request, h http.Handler, e *Enforcement) Result {
	if ctx.Err() != nil && !toldToEnd(ctx, e) {
		return refuse(ctx, w, r, e)
	}
	x := newExchange(ctx, r, h, e)
	if e.Stream {
		return x.stream(ctx, w, r)
	}
	x.guard.open(w, ctx.Done(), e)
	x.done = make(chan struct{})
	go x.run()
	select {
	case <-x.done:
	case <-ctx.Done():
		// Only before the writer is shut does a handler's return mean that its answer is whole.
		select {
		case <-x.done:
		default:
			return x.interrupted(ctx, w, r)
		}
	}
	return x.finished(ctx, w, r)
}
