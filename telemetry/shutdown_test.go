package telemetry_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func TestShutdownFlushesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, logged := open(t, telemetry.Config{})
		pushed := &memory{}
		assert.NoError(t, tel.AddMetricExporter(pushed))
		_, e := tel.Begin(request("GET", "/"), "GET /", time.Now())
		e.End(telemetry.Summary{Status: 200})
		assert.NoError(t, tel.Shutdown(t.Context()))
		assert.True(t, pushed.shut)
		names := map[string]metricdata.Aggregation{}
		for _, scope := range pushed.last() {
			for _, m := range scope.Metrics {
				names[m.Name] = m.Data
			}
		}
		h := names["http.server.request.duration"].(metricdata.Histogram[float64])
		assert.Equal(t, h.DataPoints[0].Count, uint64(1))
		assert.NotZero(t, names["go.schedule.duration"], "what the runtime counts is pushed too")
		assert.NotZero(t, names["go.goroutine.count"])

		tel.Logger().Info("stores stopped")
		_, e = tel.Begin(request("GET", "/"), "GET /", time.Now())
		e.End(telemetry.Summary{Status: 200})
		assert.NoError(t, tel.Shutdown(t.Context()), "again: what was logged since is written")
		assert.Len(t, logged.lines(), 3)
		assert.Len(t, pushed.got, 1)
		assert.Len(t, sample(t, tel, "http_server_request_duration_seconds_count"), 1)
	})
}

func TestMetricsArePushedEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, _ := open(t, telemetry.Config{})
		pushed := &memory{}
		assert.NoError(t, tel.AddMetricExporter(pushed))
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		assert.Len(t, pushed.got, 3)
		assert.NoError(t, tel.Shutdown(t.Context()))
	})
}

func TestDeltaTemporalityIsRefused(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	err := tel.AddMetricExporter(&memory{temporality: metricdata.DeltaTemporality})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "TEMPORALITY_PREFERENCE")
}

// stuck is a span processor that hangs, and may ignore its context.
type stuck struct {
	discard
	deaf bool
	free chan struct{}
}

func (s stuck) Shutdown(ctx context.Context) error {
	if s.deaf {
		<-s.free
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestShutdownOfAHungExporterStillFlushesTheLog(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tel, logged := open(t, telemetry.Config{})
			hung := stuck{deaf: deaf, free: make(chan struct{})}
			tel.AddSpanProcessor(hung)
			assert.NoError(t, tel.AddMetricExporter(&memory{block: true}))
			tel.Logger().Info("the last words")
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			err := tel.Shutdown(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Contains(t, err.Error(), "flush metrics")
			took := 1500 * time.Millisecond
			if deaf {
				took = 2 * time.Second
			}
			assert.Equal(t, time.Since(start), took)
			assert.Equal(t, logged.one()["msg"], any("the last words"))
			close(hung.free)
		})
	}
}

func TestShutdownIsBoundedWithoutADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _ := io.Pipe()
		r, w := io.Pipe()
		tel, err := telemetry.New(telemetry.Config{Output: w})
		assert.NoError(t, err)
		assert.NoError(t, out.Close())
		tel.Logger().Info("nobody reads")
		start := time.Now()
		assert.ErrorIs(t, tel.Shutdown(t.Context()), context.DeadlineExceeded)
		assert.Equal(t, time.Since(start), 5*time.Second)
		assert.NoError(t, r.Close())
	})
}

// A reader that stops reading must not be felt by requests, and what it missed
// must be counted.
func TestABlockedLogStallsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		tel, err := telemetry.New(telemetry.Config{Output: w, Buffer: 64 << 10})
		assert.NoError(t, err)
		start := time.Now()
		for range 1000 {
			_, e := tel.Begin(request("GET", "/"), "GET /", time.Now())
			e.End(telemetry.Summary{Status: 200})
		}
		assert.Equal(t, time.Since(start), time.Duration(0), "in virtual time, any wait would show")
		got := sample(t, tel, "plimsoll_log_dropped_total")
		assert.Len(t, got, 1)
		assert.NotEqual(t, got[0], "plimsoll_log_dropped_total 0")
		text := make(chan string)
		go func() {
			all, _ := io.ReadAll(r)
			text <- string(all)
		}()
		assert.NoError(t, tel.Shutdown(t.Context()))
		assert.NoError(t, w.Close())
		assert.Equal(t, strings.Count(<-text, "log lines dropped"), 1)
	})
}

func TestNewNamesBadVariables(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_TRACES_SAMPLER":      "sometimes",
		"OTEL_RESOURCE_ATTRIBUTES": "no-equal-sign",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			_, err := telemetry.New(telemetry.Config{})
			assert.Error(t, err)
			assert.Contains(t, err.Error(), variable)
			assert.Contains(t, err.Error(), "want")
		})
	}
	t.Run("precedence", func(t *testing.T) {
		t.Setenv("OTEL_SERVICE_NAME", "from-env")
		t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
		tel, _ := open(t, telemetry.Config{Service: "from-code", Sampler: sdktrace.AlwaysSample()})
		assert.Contains(t, tel.Resource().String(), "service.name=from-env")
		_, span := tel.Tracer().Start(t.Context(), "x")
		assert.True(t, span.SpanContext().IsSampled(), "a sampler in code wins")
	})
}
