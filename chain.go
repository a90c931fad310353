package plimsoll

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/edge"
	"github.com/plimsoll-go/plimsoll/internal/intake"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// entry is one registered pattern.
type entry struct {
	service *Service
	pattern string
	handler http.Handler
	policer RoutePolicer // the handler, when it knows its own routes
	policy  route.Policy
}

// exchange is one request on its way through the chain. It is the
// ResponseWriter of the mux, whose own answers (404, 405, a cleaned path) it
// catches: every error leaves as a problem.
type exchange struct {
	service *Service
	w       http.ResponseWriter
	arrival time.Time
	routed  bool
	policy  route.Policy
	class   route.Criticality
	signals *telemetry.Exchange // nil until the request is traced
	status  int                 // of the mux's own answer
	header  http.Header         // of the mux's own answer
}

func (x *exchange) Header() http.Header {
	if x.header == nil {
		x.header = http.Header{}
	}
	return x.header
}

func (x *exchange) WriteHeader(status int) { x.status = status }

func (x *exchange) Write(p []byte) (int, error) { return len(p), nil }

// ServeHTTP runs the chain: recover, route, refuse what is hopeless, trace,
// body, admission, handler under its deadline, access line.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{service: s, w: w, arrival: time.Now()}
	defer x.recover(r)
	s.mux.ServeHTTP(x, r)
	switch {
	case x.routed:
	case s.wrapped != nil: // what the mux would clean, redirect or refuse is the router's
		s.wrapped.ServeHTTP(x, r)
	default:
		x.answerUnrouted(r)
	}
}

// ServeHTTP is called by the mux, with its exchange as the writer.
func (e *entry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange) //nolint:forcetypeassert // only the service's own mux calls this
	x.routed = true
	x.serve(e, r)
}

// recover answers for a panic in the chain itself, such as in a policy's
// function; a handler's own panic was answered before. The process goes on.
func (x *exchange) recover(r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares so, too
		panic(v) // net/http ends the connection or the stream, quietly
	}
	if x.signals == nil {
		var ctx context.Context
		ctx, x.signals = x.service.telemetry.Begin(r, x.policy.Name, x.arrival)
		r = r.WithContext(ctx)
	}
	x.service.log.ErrorContext(r.Context(), "panic in the request chain", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	x.amend(r)(x.w.Header())
	x.limitTaking(r, time.Now())
	x.leaveBody(r)
	problem.Write(silent{x.w}, r, problem.New(problem.Internal, ""))
	x.signals.End(telemetry.Summary{Status: http.StatusInternalServerError, Outcome: telemetry.Panicked, Class: x.class})
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

// serve takes one routed request from its policy to its access line.
func (x *exchange) serve(e *entry, r *http.Request) {
	s := x.service
	x.policy = e.policyOf(r)
	x.class = s.classOf(&x.policy, r)
	s.drain.enter()
	handed := false // to the handler, whose return leaves instead
	defer func() {
		if !handed {
			s.drain.leave()
		}
	}()

	deadline := x.arrival.Add(s.allowed(&x.policy, r))
	x.limitTaking(r, deadline)
	if err := x.hopeless(r, deadline); err != nil {
		x.refuse(r, err)
		return
	}
	ctx, signals := s.telemetry.Begin(r, x.policy.Name, x.arrival)
	x.signals = signals
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, budget.ErrExceeded)
	defer cancel()
	stream := x.policy.Stream > 0
	w := x.w
	if stream {
		var end func()
		ctx, end = s.drain.tell(ctx)
		defer end()
		w = &hijackable{ResponseWriter: w, drain: s.drain, end: deadline}
	}
	r = r.WithContext(ctx)
	permit, err := x.admit(r)
	if err != nil {
		intake.Release(r)
		x.turnAway(r, err)
		return
	}
	handed = true
	x.finish(w, r, budget.Enforce(w, r, e.handler, budget.Enforcement{
		Stream:   stream,
		Hijack:   stream,
		BodyRead: !stream && intake.InMemory(r),
		Header:   x.amend(r),
		Returned: func() {
			permit.Release(outcomeOf(ctx))
			intake.Release(r)
			s.drain.leave()
		},
		Panic: func(v any, stack []byte) { s.logPanic(ctx, e.pattern, v, stack) },
	}))
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

// policyOf asks a handler that knows its routes, else takes the registered one.
func (e *entry) policyOf(r *http.Request) route.Policy {
	if e.policer == nil {
		return e.policy
	}
	policy, ok := e.policer.RoutePolicy(r)
	if !ok {
		return e.policy
	}
	if policy.Name == "" {
		policy.Name = e.policy.Name
	}
	return policy
}

// limitOf is the longest a request of the route may take.
func (s *Service) limitOf(p *route.Policy) time.Duration {
	switch {
	case p.Stream > 0:
		return p.Stream
	case p.Budget > 0:
		return p.Budget
	default:
		return s.settings.Deadline
	}
}

// allowed is limitOf, or less when the caller says so: any caller may.
func (s *Service) allowed(p *route.Policy, r *http.Request) time.Duration {
	limit := s.limitOf(p)
	if asked, ok := budget.Inbound(r.Header); ok {
		limit = min(limit, asked)
	}
	return limit
}

// maxBodyOf is the largest body that the route takes, in bytes.
func (s *Service) maxBodyOf(p *route.Policy) int64 {
	if p.MaxBody > 0 {
		return p.MaxBody
	}
	return int64(s.settings.MaxBody)
}

// classOf believes the caller's class only inside the trust boundary.
func (s *Service) classOf(p *route.Policy, r *http.Request) route.Criticality {
	if v := r.Header["Plimsoll-Class"]; len(v) == 1 && s.trusts(r) {
		if class, ok := route.ParseCriticality(v[0]); ok {
			return class
		}
	}
	return defaultClass(p)
}

func defaultClass(p *route.Policy) route.Criticality {
	if p.Class == route.Unset {
		return route.Critical
	}
	return p.Class
}

// trusts says whether a request comes from inside the trust boundary: from one of
// its networks, also where a proxy there names whom it speaks for, or from a peer
// whose client certificate was verified.
func (s *Service) trusts(r *http.Request) bool {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return true
	}
	client := telemetry.ClientAddr(r, s.settings.Trust.Contains)
	return client.IsValid() && s.settings.Trust.Contains(client)
}

// due is a context with a deadline that nothing watches: for a look at what is
// left, before a timer is worth its cost.
type due struct {
	context.Context
	deadline time.Time
}

// Deadline implements context.Context.
func (d *due) Deadline() (time.Time, bool) { return d.deadline, true }

// hopeless says why a request is refused before anything is spent on it.
func (x *exchange) hopeless(r *http.Request, deadline time.Time) error {
	s := x.service
	if s.drain.phase.Load() == closing {
		x.w.Header().Set("Connection", "close")
		return admission.ErrShed
	}
	return s.admission.Hopeless(&due{r.Context(), deadline}, x.class)
}

// admit reads the body, then takes the permit, so that slow uploaders hold
// none; a stream takes its permit first and reads at a minimum rate.
func (x *exchange) admit(r *http.Request) (permit admission.Permit, err error) {
	s, ctx := x.service, r.Context()
	opts := intake.Options{Max: s.maxBodyOf(&x.policy), Gzip: x.policy.Gzip, Stream: x.policy.Stream > 0}
	opts.Deadline, _ = ctx.Deadline()
	if !opts.Stream {
		if err := s.bodies.Read(x.w, r, opts); err != nil {
			return permit, err
		}
		return s.admission.Acquire(ctx, x.class)
	}
	permit, err = x.acquireStream(ctx)
	if err != nil {
		return permit, err
	}
	if err = s.bodies.Read(x.w, r, opts); err != nil {
		permit.Release(admission.Unused)
	}
	return permit, err
}

var errWaited = errors.New("a stream waited for its permit as long as a request may take")

// acquireStream takes the permit of a stream. It may last long, but its client
// is told within the service's deadline, or when the drain begins, that it does
// not even begin. What is left of the stream's own time stays what admission
// decides by.
func (x *exchange) acquireStream(ctx context.Context) (admission.Permit, error) {
	wait, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(x.service.settings.Deadline, func() { cancel(errWaited) })
	defer limit.Stop()
	permit, err := x.service.admission.Acquire(wait, x.class)
	if cause := context.Cause(wait); errors.Is(err, admission.ErrCanceled) && (errors.Is(cause, errWaited) || errors.Is(cause, life.ErrDraining)) {
		err = admission.ErrShed // nobody left
	}
	return permit, err
}

// outcomeOf tells admission how a handler's work ended.
func outcomeOf(ctx context.Context) admission.Outcome {
	switch {
	case ctx.Err() == nil:
		return admission.Success
	case errors.Is(budget.Cause(ctx), budget.ErrExceeded):
		return admission.Late
	default:
		return admission.Canceled
	}
}

// refuse answers what is certain not to run, from prebuilt bytes: no trace id, a
// sampled line, an exact count.
func (x *exchange) refuse(r *http.Request, err error) {
	s := x.service
	refusal := telemetry.Refusal{Route: x.policy.Name, Class: x.class, Arrival: x.arrival, Status: http.StatusServiceUnavailable, Reason: "shed"}
	switch {
	case errors.Is(err, admission.ErrCanceled):
		refusal.Status, refusal.Reason = statusClientGone, "left"
	case errors.Is(err, admission.ErrDoomed):
		refusal.Status, refusal.Reason = http.StatusGatewayTimeout, "doomed"
	case s.drain.phase.Load() == closing:
		refusal.Reason = "draining"
	}
	if x.signals != nil {
		x.signals.Refuse(refusal)
	} else {
		s.telemetry.Shed(r, refusal)
	}
	if refusal.Status == statusClientGone {
		panic(http.ErrAbortHandler) // nobody reads an answer
	}
	x.amend(r)(x.w.Header())
	admission.Refuse(x.w, r, err, s.admission.RetryAfter())
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
// or whose service drains, is closed after it, on h2 by GOAWAY.
func (x *exchange) amend(r *http.Request) func(http.Header) {
	return func(h http.Header) {
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
