package otlp

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// remindEvery is how often a lasting failure is logged.
const remindEvery = time.Minute

// reporter logs how exporting goes. Without it the SDK would print every failed
// batch to standard error.
type reporter struct {
	signal string
	logger *slog.Logger

	mu       sync.Mutex
	failures int       // in a row
	logged   time.Time // when the last of them was
}

func newReporter(signal string, logger *slog.Logger) *reporter {
	return &reporter{signal: signal, logger: logger}
}

func (r *reporter) note(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		if r.failures > 0 {
			r.logger.InfoContext(ctx, "telemetry export works again", "signal", r.signal, "failures", r.failures)
		}
		r.failures = 0
		return
	}
	r.failures++
	if now := time.Now(); r.failures == 1 || now.Sub(r.logged) >= remindEvery {
		r.logged = now
		r.logger.WarnContext(ctx, "telemetry export fails, requests are not affected", "signal", r.signal, "failures", r.failures, "error", withoutURL(err))
	}
}

// withoutURL is the text of err without the collector's URL, whose query or user
// info may be a credential.
func withoutURL(err error) string {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		return inner.Op + ": " + inner.Err.Error()
	}
	return err.Error()
}

// spans is a span exporter whose failures are reported here and not to the SDK.
type spans struct {
	sdktrace.SpanExporter
	*reporter
}

// ExportSpans implements sdktrace.SpanExporter.
func (s *spans) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	s.note(ctx, s.SpanExporter.ExportSpans(ctx, batch))
	return nil
}

// metrics is a metric exporter whose failures are reported here and not to the
// SDK.
type metrics struct {
	sdkmetric.Exporter
	*reporter
}

// Export implements sdkmetric.Exporter.
func (m *metrics) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	m.note(ctx, m.Exporter.Export(ctx, rm))
	return nil
}
