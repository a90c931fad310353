package telemetry

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"
)

// serverMetrics are the metrics of requests that come in.
type serverMetrics struct {
	series series[serverKey, *histogram]
	active [len(methods)][2]gauge // by method and whether TLS
}

// gauge is a count that is reported from the first time it was not 0.
type gauge struct {
	n    atomic.Int64
	seen atomic.Bool
}

// serverKey names one series of http.server.request.duration.
type serverKey struct {
	route   string // "" when none matched
	method  methodID
	secure  bool
	status  int16 // 0 when none was sent
	outcome Outcome
}

// observe reports the active requests to m.
func (s *serverMetrics) observe(m metric.Meter) error {
	// An observed counter costs a request two atomic additions; the
	// synchronous one costs two look-ups in the SDK.
	active, err := m.Int64ObservableUpDownCounter(
		httpconv.ServerActiveRequests{}.Name(),
		metric.WithUnit(httpconv.ServerActiveRequests{}.Unit()),
		metric.WithDescription(httpconv.ServerActiveRequests{}.Description()),
	)
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s.observeActive(func(n int64, set attribute.Set) { o.ObserveInt64(active, n, metric.WithAttributeSet(set)) })
		return nil
	}, active)
	return err
}

func (s *serverMetrics) observeActive(observe func(int64, attribute.Set)) {
	for method := range s.active {
		for tls := range s.active[method] {
			g := &s.active[method][tls]
			n := g.n.Load()
			if n == 0 && !g.seen.Load() {
				continue
			}
			g.seen.Store(true)
			observe(n, attribute.NewSet(methodID(method).attribute(), semconv.URLScheme(scheme(tls == 1))))
		}
	}
}

func (s *serverMetrics) activeOf(method methodID, secure bool) *atomic.Int64 {
	if secure {
		return &s.active[method][1].n
	}
	return &s.active[method][0].n
}

// record counts one answered request, whose trace may be an exemplar.
func (s *serverMetrics) record(sc trace.SpanContext, k serverKey, d time.Duration) {
	s.series.get(k, serverKey.fold, serverKey.histogram).record(sc, d)
}

// fold keeps the method, the hundreds of the status and how it ended.
func (k serverKey) fold() serverKey {
	k.route = other
	k.status = k.status / 100 * 100
	if k.status < 0 || k.status > 500 {
		k.status = 0
	}
	return k
}

func (k serverKey) histogram() *histogram {
	attrs := []attribute.KeyValue{k.method.attribute(), semconv.URLScheme(scheme(k.secure))}
	if k.route != "" {
		attrs = append(attrs, semconv.HTTPRoute(k.route))
	}
	if k.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(int(k.status)))
	}
	if e := k.errorType(); e != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(e))
	}
	return newHistogram(attrs...)
}

// errorType is how the request ended, when that was not an answer of the
// handler, or else the status when it says that the service failed.
func (k serverKey) errorType() string {
	switch {
	case k.outcome != Finished:
		return k.outcome.String()
	case k.status >= 500:
		return strconv.Itoa(int(k.status))
	}
	return ""
}
