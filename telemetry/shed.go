package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/route"
)

// sampleEvery is how often a reason to refuse may be logged.
const sampleEvery = time.Second

// Refusal is a request that was answered without being executed.
type Refusal struct {
	Route   string            // the pattern, or "" if none matched
	Class   route.Criticality // Unset when it was refused before its class was known
	Reason  string            // one of few: "queue-full", "doomed", …
	Status  int               // that was answered: 503, 504, 429
	Arrival time.Time         // zero: now
}

// Shed counts a refused request, in place of Begin and End: exactly in
// plimsoll.admission.refused and in http.server.request.duration, and in the
// log sampled. The first refusal for a reason is logged at once; while they go
// on, a line a second says exactly how many there were since the last. A refused
// request has no trace.
func (t *Telemetry) Shed(r *http.Request, refusal Refusal) {
	var d time.Duration
	if !refusal.Arrival.IsZero() {
		d = time.Since(refusal.Arrival)
	}
	t.server.record(trace.SpanContext{}, serverKey{
		route:  routePath(refusal.Route),
		method: methodOf(r.Method),
		secure: r.TLS != nil,
		status: int16(refusal.Status),
	}, d)
	t.refusals.count(refusal)
}

// refusals counts what was refused, by reason and class, and logs samples.
type refusals struct {
	logger  *slog.Logger
	total   series[refusalKey, *atomic.Int64]
	samples series[string, *sample]
}

type refusalKey struct {
	reason string
	class  route.Criticality
}

func (k refusalKey) fold() refusalKey { return refusalKey{reason: other} }

// newRefusals observes its counts when metrics are collected: a refusal must
// cost as little as possible, and an addition is less than the SDK's counter.
func newRefusals(m metric.Meter, logger *slog.Logger) (*refusals, error) {
	r := &refusals{logger: logger}
	_, err := m.Int64ObservableCounter("plimsoll.admission.refused",
		metric.WithUnit("{request}"),
		metric.WithDescription("Requests that were refused and not executed."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			r.total.all(func(k refusalKey, n *atomic.Int64) {
				o.Observe(n.Load(), metric.WithAttributes(
					attribute.String("reason", k.reason),
					attribute.String("class", k.class.String()),
				))
			})
			return nil
		}),
	)
	return r, err
}

func (r *refusals) count(refusal Refusal) {
	k := refusalKey{reason: refusal.Reason, class: refusal.Class}
	r.total.get(k, refusalKey.fold, func(refusalKey) *atomic.Int64 { return new(atomic.Int64) }).Add(1)
	s := r.samples.get(refusal.Reason, func(string) string { return other }, func(reason string) *sample {
		return &sample{reason: reason, logger: r.logger}
	})
	s.add(refusal)
}

// flush logs what has been counted and not logged.
func (r *refusals) flush() {
	r.samples.all(func(_ string, s *sample) { s.log() })
}

// sample logs one reason: the first at once, then once a window.
type sample struct {
	reason  string
	logger  *slog.Logger
	pending atomic.Int64 // counted, not logged
	open    atomic.Bool  // a window is open: its end logs what is pending
}

func (s *sample) add(refusal Refusal) {
	s.pending.Add(1)
	if !s.open.CompareAndSwap(false, true) {
		return
	}
	s.log(slog.String("route", routePath(refusal.Route)), slog.String("class", refusal.Class.String()), slog.Int("status", refusal.Status))
	time.AfterFunc(sampleEvery, s.windowEnds)
}

// windowEnds opens the next window if there was anything in this one.
func (s *sample) windowEnds() {
	if !s.log() {
		s.open.Store(false)
		// One that was counted before the window closed, by an add that saw
		// it open, still has to be logged by someone.
		if s.pending.Load() == 0 || !s.open.CompareAndSwap(false, true) {
			return
		}
		s.log()
	}
	time.AfterFunc(sampleEvery, s.windowEnds)
}

// log tells whether there was anything to log.
func (s *sample) log(example ...slog.Attr) bool {
	n := s.pending.Swap(0)
	if n == 0 {
		return false
	}
	attrs := append([]slog.Attr{slog.String("reason", s.reason), slog.Int64("count", n)}, example...)
	s.logger.LogAttrs(context.Background(), slog.LevelWarn, "request refused", attrs...)
	return true
}
