package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// discard is an exporter that has already sent everything.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

func benchRequest(parent string) *http.Request {
	r := httptest.NewRequest("GET", "/orders/4711?expand=items", nil)
	r.RemoteAddr = "127.0.0.1:40312"
	if parent != "" {
		r.Header.Set("traceparent", parent)
	}
	return r
}

func benchExchange(b *testing.B, t *telemetry.Telemetry, parent string) {
	r := benchRequest(parent)
	b.ReportAllocs()
	for b.Loop() {
		_, e := t.Begin(r, "GET /orders/{id}", time.Now())
		e.End(telemetry.Summary{Status: 200, Bytes: 512, Class: route.Critical})
	}
	assert.NoError(b, t.Shutdown(context.Background()))
}

const benchParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func BenchmarkExchange(b *testing.B) {
	cases := []struct {
		name, parent string
		sampler      sdktrace.Sampler
		exports      bool
		level        slog.Level
	}{
		{name: "no exporter"},
		{name: "no exporter, traceparent", parent: benchParent},
		{name: "no exporter, no access line", level: slog.LevelWarn},
		{name: "exporter, sampled", exports: true},
		{name: "exporter, not sampled", exports: true, sampler: sdktrace.NeverSample()},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			t, err := telemetry.New(telemetry.Config{Output: io.Discard, Level: c.level, Sampler: c.sampler})
			assert.NoError(b, err)
			if c.exports {
				t.AddSpanProcessor(discard{})
			}
			benchExchange(b, t, c.parent)
		})
	}
}
