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
	b.Helper()
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

func BenchmarkExchangeParallel(b *testing.B) {
	t, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := benchRequest(benchParent)
		for pb.Next() {
			_, e := t.Begin(r, "GET /orders/{id}", time.Now())
			e.End(telemetry.Summary{Status: 200, Bytes: 512, Class: route.Critical})
		}
	})
	assert.NoError(b, t.Shutdown(context.Background()))
}

func BenchmarkShed(b *testing.B) {
	t, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(b, err)
	r := benchRequest("")
	refusal := telemetry.Refusal{Route: "GET /orders/{id}", Class: route.Critical, Reason: "queue-full", Status: 503, Arrival: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		t.Shed(r, refusal)
	}
	assert.NoError(b, t.Shutdown(context.Background()))
}

func BenchmarkClient(b *testing.B) {
	for _, exports := range []bool{false, true} {
		name := "no exporter"
		if exports {
			name = "exporter"
		}
		b.Run(name, func(b *testing.B) {
			t, err := telemetry.New(telemetry.Config{Output: io.Discard})
			assert.NoError(b, err)
			if exports {
				t.AddSpanProcessor(discard{})
			}
			ctx, _ := t.Begin(benchRequest(""), "GET /orders/{id}", time.Now())
			r := outgoing("POST", "http://pay.example:8080/charges")
			b.ReportAllocs()
			for b.Loop() {
				inner, call := t.StartClient(ctx, r, "payments")
				telemetry.Inject(inner, r.Header)
				call.End(200, nil)
			}
		})
	}
}

// nothing is a ResponseWriter that takes everything.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header       { return n.header }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) WriteHeader(int)             {}

// BenchmarkHandler is the stand-alone middleware, beside the same without.
func BenchmarkHandler(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	t, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(b, err)
	for name, h := range map[string]http.Handler{"bare": bare, "observed": t.Handler(bare)} {
		b.Run(name, func(b *testing.B) {
			r, w := benchRequest(benchParent), nothing{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
	assert.NoError(b, t.Shutdown(context.Background()))
}

// BenchmarkLog is one record through the service's logger, beside slog's own.
func BenchmarkLog(b *testing.B) {
	t, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(b, err)
	ctx, _ := t.Begin(benchRequest(""), "GET /orders/{id}", time.Now())
	for name, l := range map[string]*slog.Logger{"ours": t.Logger(), "slog": slog.New(slog.NewJSONHandler(io.Discard, nil))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.LogAttrs(ctx, slog.LevelInfo, "charged", slog.String("order", "o_1"), slog.Int("cents", 250))
			}
		})
	}
	assert.NoError(b, t.Flush(context.Background()))
}
