package telemetry

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// Exchange is one request and its answer, from Begin to End. Its methods may be
// called from any goroutine, and on nil do nothing.
type Exchange struct {
	ctx       exchangeContext
	passive   passiveSpan // the current span while nothing exports
	span      trace.Span  // the SDK's span, else nil
	sc        trace.SpanContext
	telemetry *Telemetry
	ledger    budget.Ledger

	route   string                 // as Begin had it
	late    atomic.Pointer[string] // as SetRoute had it
	method  string
	path    string
	id      methodID
	secure  bool
	client  netip.Addr
	arrival time.Time
	ended   atomic.Bool
}

// Summary is what is known of an exchange when its answer is complete.
type Summary struct {
	Status   int           // 0: none was sent
	Bytes    int64         // of the body, as sent
	Duration time.Duration // 0: since arrival
	Outcome  Outcome
	Err      error             // why, if anything went wrong; only logged and traced
	Stack    []byte            // of a panic
	Class    route.Criticality // Unset: not logged
}

// Begin starts the exchange of a request that arrived at the given time (zero:
// now). The context carries the trace, which is the caller's or new, and the
// exchange; the handler must get it. The route is a pattern such as
// "GET /orders/{id}", or "" while it is unknown. End must follow, once.
func (t *Telemetry) Begin(r *http.Request, route string, arrival time.Time) (context.Context, *Exchange) {
	return t.BeginOn(r, route, budget.Terms{Arrival: arrival})
}

// BeginOn is Begin for a request of which more is known: its ledger, which the context carries, begins on these terms.
func (t *Telemetry) BeginOn(r *http.Request, route string, terms budget.Terms) (context.Context, *Exchange) {
	if terms.Arrival.IsZero() {
		terms.Arrival = time.Now()
	}
	e := &Exchange{
		telemetry: t,
		route:     route,
		method:    r.Method,
		path:      r.URL.Path,
		id:        methodOf(r.Method),
		secure:    r.TLS != nil,
		client:    ClientAddr(r, t.trusted),
		arrival:   terms.Arrival,
	}
	e.ctx = exchangeContext{Context: t.book.Open(r.Context(), &e.ledger, terms), exchange: e}
	t.server.activeOf(e.id, e.secure).Add(1)
	parent := remoteParent(r.Header)
	if t.provider.active.Load() {
		return e.startSpan(r, parent), e
	}
	name := ""
	if t.provider.sampler != nil {
		name = e.spanName(route)
	}
	e.sc = t.provider.decide(&e.ctx, parent, name, trace.SpanKindServer)
	e.passive = passiveSpan{provider: t.provider, sc: e.sc}
	return trace.ContextWithSpan(&e.ctx, &e.passive), e
}

func (e *Exchange) startSpan(r *http.Request, parent trace.SpanContext) context.Context {
	attrs := []attribute.KeyValue{
		e.id.attribute(),
		semconv.URLPath(clip(e.path, maxPath)),
		semconv.URLScheme(scheme(e.secure)),
		semconv.NetworkProtocolVersion(protocolVersion(r)),
	}
	if e.client.IsValid() {
		attrs = append(attrs, semconv.ClientAddress(e.client.String()))
	}
	ctx, span := e.telemetry.tracer.Start(
		trace.ContextWithSpanContext(&e.ctx, parent),
		e.spanName(e.route),
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(e.arrival),
		trace.WithAttributes(attrs...),
	)
	e.span, e.sc = span, span.SpanContext()
	return ctx
}

// spanName is "GET /orders/{id}", or "GET" while no route is known; "HTTP"
// stands for a method that is none of the known ones.
func (e *Exchange) spanName(route string) string {
	name := e.id.String()
	if e.id == 0 {
		name = "HTTP"
	}
	if path := routePath(route); path != "" {
		return name + " " + path
	}
	return name
}

func protocolVersion(r *http.Request) string {
	switch {
	case r.ProtoMajor == 1 && r.ProtoMinor == 0:
		return "1.0"
	case r.ProtoMajor == 2:
		return "2"
	case r.ProtoMajor == 3:
		return "3"
	}
	return "1.1"
}

// SetRoute names the route once it is known. It must have few values, such as
// the pattern that matched. After End it changes nothing.
func (e *Exchange) SetRoute(route string) {
	if e != nil {
		e.late.Store(&route)
	}
}

// Client is the address of whoever sent the request, as ClientAddr has it.
func (e *Exchange) Client() netip.Addr {
	if e == nil {
		return netip.Addr{}
	}
	return e.client
}

// Ledger is the exchange's: what its time goes to. End closes it.
func (e *Exchange) Ledger() *budget.Ledger {
	if e == nil {
		return nil
	}
	return &e.ledger
}

// End writes the access line, counts the request and ends its span. The first
// call of End or Refuse counts.
func (e *Exchange) End(s Summary) {
	if e == nil || !e.ended.CompareAndSwap(false, true) {
		return
	}
	now := time.Now()
	if s.Duration == 0 {
		s.Duration = now.Sub(e.arrival)
	}
	bill := e.ledger.Close(now)
	e.telemetry.logAccess(e, &s, bill, e.close(&s, bill, now), now)
	e.ledger.Free()
}

// Refuse ends the exchange of a request that was refused after it had begun. It
// is counted and logged as by Shed, without a line of its own.
func (e *Exchange) Refuse(refusal Refusal) {
	if e == nil || !e.ended.CompareAndSwap(false, true) {
		return
	}
	if refusal.Route != "" {
		e.SetRoute(refusal.Route)
	}
	now := time.Now()
	e.ledger.Close(now) // whoever still holds it charges nobody; what was refused is in no route's account
	e.close(&Summary{Status: refusal.Status, Duration: now.Sub(e.arrival)}, nil, now)
	e.ledger.Free()
	e.telemetry.refusals.count(refusal)
}

// close counts the request and ends its span. It returns the route's path. There is no bill for what was not run.
func (e *Exchange) close(s *Summary, bill *budget.Bill, now time.Time) string {
	route := e.route
	if late := e.late.Load(); late != nil {
		route = *late
	}
	key := serverKey{
		route:   routePath(route),
		method:  e.id,
		secure:  e.secure,
		status:  int16(s.Status),
		outcome: s.Outcome,
	}
	server := e.telemetry.server
	server.activeOf(e.id, e.secure).Add(-1)
	var exemplar trace.SpanContext
	if e.span != nil {
		exemplar = e.sc
		e.endSpan(s, bill, key, route)
	}
	server.record(exemplar, key, s.Duration)
	if bill != nil && route != "" {
		e.telemetry.book.Account(route).Enter(bill, budget.Served{
			At: now, Trace: e.sc.TraceID(), Failed: s.Status >= 500 || s.Outcome.failed(),
			Useful: s.Outcome == Finished && s.Status >= 200 && s.Status < 400,
		})
	}
	return key.route
}

func (e *Exchange) endSpan(s *Summary, bill *budget.Bill, key serverKey, route string) {
	if !e.span.IsRecording() {
		e.span.End()
		return
	}
	attrs := make([]attribute.KeyValue, 0, 3)
	if key.route != "" {
		attrs = append(attrs, semconv.HTTPRoute(key.route))
	}
	if s.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(s.Status))
	}
	if errorType := key.errorType(); errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(errorType))
	}
	if s.Status >= 500 || s.Outcome.failed() {
		description := ""
		if s.Err != nil {
			description = clip(scrub(s.Err.Error()), maxError)
		}
		e.span.SetStatus(codes.Error, description)
	}
	if route != e.route {
		e.span.SetName(e.spanName(route))
	}
	e.span.SetAttributes(append(attrs, billed(bill)...)...)
	e.span.End()
}

// exchangeContext is the request's context with the exchange in it, in the
// exchange's own memory.
type exchangeContext struct {
	context.Context
	exchange *Exchange
}

type exchangeKey struct{}

// Value implements context.Context.
func (c *exchangeContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c.exchange
	}
	return c.Context.Value(key)
}

// FromContext is the exchange that ctx belongs to, or nil, on which every
// method is safe. A router that knows its pattern late calls
// telemetry.FromContext(r.Context()).SetRoute(pattern).
func FromContext(ctx context.Context) *Exchange {
	e, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return e
}
