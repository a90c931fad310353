package plimsoll

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/edge"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// What the chain answers itself, and how every exchange ends.

// refuse answers what is certain not to run, from prebuilt bytes: no trace id, a
// sampled line, an exact count.
func (x *exchange) refuse(r *http.Request, err error) {
	s := x.service
	refusal := telemetry.Refusal{Route: x.policy.Name, Class: x.class, Arrival: x.arrival, Status: http.StatusServiceUnavailable, Reason: reasonOf(err)}
	switch {
	case errors.Is(err, admission.ErrCanceled):
		refusal.Status = statusClientGone
	case errors.Is(err, admission.ErrDoomed):
		refusal.Status = http.StatusGatewayTimeout
	case s.drain.phase.Load() == closing:
		refusal.Reason = "draining"
	}
	if x.signals != nil {
		x.signals.Refuse(refusal)
		x.signals = nil // its ledger is closed: what was not run is told no times
	} else {
		s.telemetry.Shed(r, refusal)
	}
	if refusal.Status == statusClientGone {
		panic(http.ErrAbortHandler) // nobody reads an answer
	}
	x.amend(r)(x.w.Header())
	admission.Refuse(x.w, r, err, s.admission.RetryAfter())
}

// reasonOf names in metrics and logs why a request was refused.
func reasonOf(err error) string {
	if reason, ok := admission.ReasonOf(err); ok {
		return reason.String()
	}
	switch {
	case errors.Is(err, errStreams):
		return "streams"
	case errors.Is(err, errDoomed):
		return "doomed"
	}
	return admission.TooLong.String() // errWaited
}

// statusClientGone is logged for a request whose client left; it is never sent.
// nginx has used it so since 2008.
const statusClientGone = 499

// turnAway answers a request that did not get as far as its handler.
func (x *exchange) turnAway(r *http.Request, err error) {
	var p *problem.Error
	if !errors.As(err, &p) {
		x.refuse(r, err)
		return
	}
	if errors.Is(budget.Cause(r.Context()), budget.ErrClientGone) {
		x.signals.End(telemetry.Summary{Status: statusClientGone, Outcome: telemetry.ClientGone, Err: err, Class: x.class})
		panic(http.ErrAbortHandler)
	}
	x.amend(r)(x.w.Header())
	x.w.Header().Set(budget.Executed, "no")
	problem.Write(silent{x.w}, r, p)
	x.signals.End(telemetry.Summary{Status: p.Kind.Status(), Err: err, Class: x.class})
}

// silent keeps problem.Write from logging what the access line holds.
type silent struct{ http.ResponseWriter }

// RecordError implements problem.Recorder.
func (silent) RecordError(error) {}

// Unwrap is for http.ResponseController.
func (s silent) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// amend has the last word on the header of an answer: a connection that is old,
// or whose service drains, is closed after it, on h2 by GOAWAY. Where the time
// went so far is for callers inside the trust boundary, and on routes that show
// it to everybody.
func (x *exchange) amend(r *http.Request) func(http.Header) {
	return func(h http.Header) {
		if x.trusted || x.policy.ServerTiming {
			x.signals.Ledger().AddServerTiming(h, time.Now())
		}
		if x.service.drain.draining() || edge.Expired(r.Context()) {
			h.Set("Connection", "close")
		}
	}
}

// finish writes the access line, and ends the exchange as its outcome asks.
func (x *exchange) finish(w http.ResponseWriter, r *http.Request, res budget.Result) {
	sum := telemetry.Summary{Status: res.Status, Bytes: res.Bytes, Err: res.Err, Class: x.class}
	switch res.Outcome {
	case budget.Finished:
	case budget.Answered:
		sum.Outcome = telemetry.Deadline
	case budget.Cut:
		sum.Outcome = telemetry.Cut
	case budget.Gone:
		sum.Outcome, sum.Status = telemetry.ClientGone, statusClientGone
	default:
		sum.Outcome = telemetry.Panicked
	}
	x.signals.End(sum)
	if res.Outcome.Aborts() {
		panic(http.ErrAbortHandler)
	}
	if x.policy.Stream > 0 {
		x.limitTaking(r, time.Now())
	}
	if x.policy.Stream > 0 && errors.Is(context.Cause(r.Context()), life.ErrDraining) {
		sayGoodbye(w)
	}
}

// sayGoodbye ends an event stream with a comment, which clients ignore and
// people who look at the wire do not.
func sayGoodbye(w http.ResponseWriter) {
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if strings.TrimSpace(kind) == "text/event-stream" && w.Header().Get("Content-Encoding") == "" {
		_, _ = io.WriteString(w, ": the service is draining; connect again\n\n") // the stream ends either way
	}
}

// answerUnrouted turns the mux's own answer into a problem, or sends its
// redirect.
func (x *exchange) answerUnrouted(r *http.Request) {
	ctx, signals := x.service.telemetry.Begin(r, "", x.arrival)
	r = r.WithContext(ctx)
	h := x.w.Header()
	x.amend(r)(h)
	x.limitTaking(r, time.Now())
	x.leaveBody(r)
	var p *problem.Error
	switch {
	case x.status < http.StatusBadRequest:
		h.Set("Location", x.Header().Get("Location"))
		x.w.WriteHeader(x.status)
		signals.End(telemetry.Summary{Status: x.status})
		return
	case x.status == http.StatusMethodNotAllowed:
		allow := x.Header().Get("Allow")
		p = problem.New(problem.Method, "this path takes "+allow).WithHeader("Allow", allow)
	case x.status == http.StatusNotFound:
		p = problem.New(problem.NotFound, "no route has this path")
	default:
		p = problem.New(problem.OfStatus(x.status), "")
	}
	problem.Write(silent{x.w}, r, p)
	signals.End(telemetry.Summary{Status: p.Kind.Status()})
}

// logPanic logs what a handler panicked with, also when its request was over.
func (s *Service) logPanic(ctx context.Context, pattern string, v any, stack []byte) {
	s.log.ErrorContext(ctx, "panic in a handler", slog.String("route", pattern), slog.Any("panic", v), slog.String("stack", string(stack)))
}

// leaveTime is how long an answer may wait for a body that nobody reads.
const leaveTime = 500 * time.Millisecond

// leaveBody comes before an answer to a request whose body was not looked at:
// on HTTP/1 net/http reads that first, without a limit of its own, so that the
// connection can be used again. What is not there in time ends the connection.
func (x *exchange) leaveBody(r *http.Request) {
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(leaveTime)) // a writer without deadlines is not a network's
	}
}

// limitTaking ends a stream of HTTP/2 whose client does not take the answer. The
// listener sees what stalls on a connection, but not that a client opens no window
// for a stream, and net/http waits for that without a limit of its own when the
// handler has returned, by when at the latest is given.
func (x *exchange) limitTaking(r *http.Request, returned time.Time) {
	if r.ProtoMajor == 2 {
		_ = http.NewResponseController(x.w).SetWriteDeadline(returned.Add(x.service.settings.WriteStall)) // a writer without deadlines is not a network's
	}
}
