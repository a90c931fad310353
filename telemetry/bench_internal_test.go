package telemetry

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// BenchmarkAccessLine is why there is an encoder beside slog's: the same line,
// by hand and through the service's logger.
func BenchmarkAccessLine(b *testing.B) {
	tel, err := New(Config{Output: io.Discard})
	assert.NoError(b, err)
	ctx, e := tel.Begin(httptest.NewRequest("GET", "/orders/4711", nil), "GET /orders/{id}", time.Now())
	budget.Charge(ctx, budget.Dependency, "payments").End(nil)
	budget.Charge(ctx, budget.Database, "").End(nil)
	bill := e.Ledger().Bill(time.Now())
	s := Summary{Status: 200, Bytes: 512, Duration: 1234 * time.Microsecond, Class: route.Critical}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tel.logAccess(e, &s, bill, "/orders/{id}", time.Now())
		}
	})
	b.Run("slog", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tel.logger.LogAttrs(ctx, slog.LevelInfo, "request",
				slog.String("method", e.method), slog.String("route", "/orders/{id}"), slog.String("path", e.path),
				slog.Int("status", s.Status), slog.Float64("duration_ms", float64(s.Duration)/1e6), slog.Int64("bytes", s.Bytes),
				slog.String("bill", bill.String()), slog.String("class", s.Class.String()), slog.String("outcome", s.Outcome.String()), slog.String("client", e.client.String()))
		}
	})
	assert.NoError(b, tel.Flush(context.Background()))
}

// BenchmarkHistogram is why durations are not counted by the SDK: the same
// series, by hand and through the meter.
func BenchmarkHistogram(b *testing.B) {
	tel, err := New(Config{Output: io.Discard})
	assert.NoError(b, err)
	key := serverKey{route: "/orders/{id}", method: methodOf("GET"), status: 200}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tel.server.record(trace.SpanContext{}, key, 1234*time.Microsecond)
		}
	})
	b.Run("sdk", func(b *testing.B) {
		bounds := make([]float64, 0, len(durationBounds()))
		for _, d := range durationBounds() {
			bounds = append(bounds, d.Seconds())
		}
		h, err := tel.Meter().Float64Histogram("sdk.duration", metric.WithExplicitBucketBoundaries(bounds...))
		assert.NoError(b, err)
		attributes := []metric.RecordOption{metric.WithAttributeSet(key.histogram().attributes)}
		b.ReportAllocs()
		for b.Loop() {
			h.Record(context.Background(), 0.001234, attributes...)
		}
	})
}
