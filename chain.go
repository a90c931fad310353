package plimsoll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/intake"
	"github.com/plimsoll-go/plimsoll/internal/stream"
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
	account *budget.Account // of the policy's name
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
	tenant  uint64              // 0: nobody in particular
	allowed time.Duration       // how long it may take from its arrival
	attempt int                 // how often its caller had tried before
	trusted bool                // its caller is inside the trust boundary; known once it is traced
	due     due                 // of the look at what is hopeless
	stream  bool                // counted among those that are open, until the connection is taken over
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
	if s.wrapped != nil && len(s.entries) == 1 { // there is nothing to choose from
		s.wrapped.ServeHTTP(x, r)
		return
	}
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

// serve takes one routed request from its policy to its access line.
func (x *exchange) serve(e *entry, r *http.Request) {
	s := x.service
	x.policy = e.policyOf(r)
	x.believe(r)
	x.tenant = s.tenants.Of(r, x.policy.Tenant)
	s.drain.enter()
	handed := false // to the handler, whose return leaves instead
	defer func() {
		if !handed {
			x.leave()
		}
	}()

	x.allowed = s.allowed(&x.policy, r)
	deadline := x.arrival.Add(x.allowed)
	x.limitTaking(r, deadline)
	if err := x.hopeless(e, r, deadline); err != nil {
		x.refuse(r, err)
		return
	}
	ctx, signals := s.telemetry.BeginOn(r, x.policy.Name, budget.Terms{Arrival: x.arrival, Deadline: deadline, Class: x.class, Attempt: x.attempt})
	x.signals = signals
	x.trusted = s.trustsPeer(r, signals.Client())
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, budget.ErrExceeded)
	defer cancel()
	streams := x.policy.Stream > 0
	w := x.w
	if streams {
		var end func()
		ctx, end = s.drain.tell(ctx)
		defer end()
	}
	own := r.WithContext(ctx)
	permit, err := x.admit(own)
	body := own.Body
	if err != nil {
		intake.Release(body)
		x.turnAway(own, err)
		return
	}
	// A handler that never blocks has no scheduling point between here and its end:
	// on a busy processor the others would wait in the run queue, where no limit
	// sees them.
	runtime.Gosched()
	if streams {
		w = x.streaming(permit, deadline)
	}
	handed = true
	x.finish(w, own, budget.Enforce(w, r, e.handler, budget.Enforcement{
		Request:  own,
		Stream:   streams,
		Hijack:   streams,
		BodyRead: !streams && intake.InMemory(own),
		Header:   x.amend(r),
		Returned: func(status int) {
			permit.Release(outcomeOf(ctx, status))
			intake.Release(body)
			x.leave()
		},
		Panic: func(v any, stack []byte) { s.logPanic(ctx, e.pattern, v, stack) },
	}))
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

// accountOf is where the bills of the policy's route are added up.
func (e *entry) accountOf(p *route.Policy) *budget.Account {
	if p.Name == e.policy.Name {
		return e.account
	}
	return e.service.telemetry.Book().Account(p.Name)
}

// believe takes the class and the attempt from the headers of a caller inside the
// trust boundary; any other's request has the class of its route.
func (x *exchange) believe(r *http.Request) {
	x.class = defaultClass(&x.policy)
	class, attempt := r.Header[budget.HeaderClass], r.Header[budget.HeaderAttempt]
	if len(class)+len(attempt) == 0 || !x.service.trusts(r) {
		return
	}
	if len(class) == 1 {
		if named, ok := route.ParseCriticality(class[0]); ok {
			x.class = named
		}
	}
	if len(attempt) == 1 {
		x.attempt, _ = budget.ParseAttempt(attempt[0])
	}
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
	return s.trustsPeer(r, telemetry.ClientAddr(r, s.settings.Trust.Contains))
}

// trustsPeer is trusts where the client's address is known already.
func (s *Service) trustsPeer(r *http.Request, client netip.Addr) bool {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return true
	}
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

// leave is for when nothing of the request goes on any more.
func (x *exchange) leave() {
	if x.stream {
		x.service.streams.Leave()
	}
	x.service.drain.leave()
}

// hopeless says why a request is refused before anything is spent on it. How long
// a stream takes says nothing of the time that it needs.
func (x *exchange) hopeless(e *entry, r *http.Request, deadline time.Time) error {
	s := x.service
	if s.drain.phase.Load() == closing {
		x.w.Header().Set("Connection", "close")
		return admission.ErrShed
	}
	if x.policy.Stream <= 0 && e.accountOf(&x.policy).Doomed(x.arrival, x.allowed) {
		return errDoomed
	}
	x.due = due{r.Context(), deadline}
	if err := s.admission.HopelessFor(&x.due, x.class, x.tenant); err != nil {
		return err
	}
	if x.policy.Stream > 0 {
		if x.stream = s.streams.Enter(); !x.stream {
			return errStreams
		}
	}
	return nil
}

// admit reads the body, then takes the permit, so that slow uploaders hold
// none; a stream takes its permit first and reads at a minimum rate.
func (x *exchange) admit(r *http.Request) (permit admission.Permit, err error) {
	s, ctx := x.service, r.Context()
	opts := intake.Options{Max: s.maxBodyOf(&x.policy), Gzip: x.policy.Gzip, Stream: x.policy.Stream > 0}
	opts.Deadline, _ = ctx.Deadline()
	if !opts.Stream {
		if err := x.readBody(r, opts); err != nil {
			return permit, err
		}
		permit, err = s.admission.AcquireFor(ctx, x.class, x.tenant)
		x.signals.Ledger().Enter(budget.Queue, "", permit.Waited())
		return permit, err
	}
	permit, err = x.acquireStream(ctx)
	if err != nil {
		return permit, err
	}
	x.signals.Ledger().Enter(budget.Queue, "", permit.Waited())
	if err = s.bodies.Read(x.w, r, opts); err != nil {
		permit.Release(admission.Unused)
	}
	return permit, err
}

// readBody charges the request for what its client takes to send the body.
func (x *exchange) readBody(r *http.Request, opts intake.Options) error {
	if r.ContentLength == 0 { // there is none, and two looks at the clock are saved
		return x.service.bodies.Read(x.w, r, opts)
	}
	reading := budget.Charge(r.Context(), budget.Body, "")
	err := x.service.bodies.Read(x.w, r, opts)
	reading.End(err)
	return err
}

var (
	errWaited  = fmt.Errorf("%w: a stream waited for its permit as long as a request may take", admission.ErrShed)
	errDoomed  = fmt.Errorf("%w: half of what the route served lately took longer", admission.ErrDoomed)
	errStreams = fmt.Errorf("%w: as many streams are open as PLIMSOLL_MAX_STREAMS allows", admission.ErrShed)
)

// acquireStream takes the permit of a stream. It may last long, but its client
// is told within the service's deadline, or when the drain begins, that it does
// not even begin. What is left of the stream's own time stays what admission
// decides by.
func (x *exchange) acquireStream(ctx context.Context) (admission.Permit, error) {
	wait, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(x.service.settings.Deadline, func() { cancel(errWaited) })
	defer limit.Stop()
	permit, err := x.service.admission.AcquireFor(wait, x.class, x.tenant)
	if cause := context.Cause(wait); errors.Is(err, admission.ErrCanceled) && (errors.Is(cause, errWaited) || errors.Is(cause, life.ErrDraining)) {
		err = errWaited // nobody left
	}
	return permit, err
}

// streaming is the writer of a stream, which gives its permit back once its answer
// has begun: what an open stream takes is bounded by how many there may be. One
// that does not begin gives it back when a request would have to have ended.
func (x *exchange) streaming(permit admission.Permit, end time.Time) http.ResponseWriter {
	s := x.service
	late := time.AfterFunc(s.settings.Deadline, func() { permit.Release(admission.Failed) })
	return &stream.Writer{
		ResponseWriter: x.w,
		End:            end,
		Begun: func(status int) {
			late.Stop()
			if status >= http.StatusInternalServerError {
				permit.Release(admission.Failed)
			} else {
				permit.Release(admission.Success)
			}
		},
		Taken: func() { s.drain.enter(); x.stream = false },
		Left:  func() { s.streams.Leave(); s.drain.leave() },
	}
}

// outcomeOf tells admission how a handler's work ended. What failed quickly says
// nothing of how long the work takes.
func outcomeOf(ctx context.Context, status int) admission.Outcome {
	switch {
	case ctx.Err() == nil && status >= http.StatusInternalServerError:
		return admission.Failed
	case ctx.Err() == nil:
		return admission.Success
	case errors.Is(budget.Cause(ctx), budget.ErrExceeded):
		return admission.Late
	default:
		return admission.Canceled
	}
}
