package otlp_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
	"github.com/plimsoll-go/plimsoll/telemetry/otlp"
)

// collector is an OTLP/HTTP receiver.
type collector struct {
	*httptest.Server
	hang chan struct{} // not nil: answers when it is closed

	mu      sync.Mutex
	header  http.Header
	traces  []*coltrace.ExportTraceServiceRequest
	metrics []*colmetrics.ExportMetricsServiceRequest
	asked   int
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(func() {
		if c.hang != nil {
			close(c.hang)
		}
		c.Close()
	})
	return c
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	if c.hang != nil {
		<-c.hang
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = c.take(r, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *collector) take(r *http.Request, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = r.Header
	switch r.URL.Path {
	case "/v1/traces":
		m := &coltrace.ExportTraceServiceRequest{}
		c.traces = append(c.traces, m)
		return proto.Unmarshal(body, m)
	case "/v1/metrics":
		m := &colmetrics.ExportMetricsServiceRequest{}
		c.metrics = append(c.metrics, m)
		return proto.Unmarshal(body, m)
	}
	return http.ErrNotSupported
}

// log is a concurrent buffer.
type log struct {
	mu  sync.Mutex
	got bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got.String()
}

func open(t *testing.T) (*telemetry.Telemetry, *log) {
	t.Helper()
	out := &log{}
	tel, err := telemetry.New(telemetry.Config{Service: "orders", Version: "1.2.3", Output: out})
	assert.NoError(t, err)
	return tel, out
}

func exchange(tel *telemetry.Telemetry, n int) {
	for range n {
		r := httptest.NewRequest("GET", "/orders/7", nil)
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		_, e := tel.Begin(r, "GET /orders/{id}", time.Now())
		e.End(telemetry.Summary{Status: 200})
	}
}

func TestStartSendsTracesAndMetrics(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=canary")
	tel, out := open(t)
	assert.NoError(t, otlp.Start(t.Context(), tel))
	exchange(tel, 3)
	assert.NoError(t, tel.Shutdown(t.Context()))

	assert.Len(t, c.traces, 1)
	resource := c.traces[0].ResourceSpans[0]
	assert.Contains(t, resource.Resource.String(), `"orders"`)
	spans := resource.ScopeSpans[0].Spans
	assert.Len(t, spans, 3)
	assert.Equal(t, spans[0].Name, "GET /orders/{id}")
	assert.Equal(t, spans[0].TraceId, []byte("\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c"))
	assert.Equal(t, spans[0].ParentSpanId, []byte("\xb7\xad\x6b\x71\x69\x20\x33\x31"))

	assert.Len(t, c.metrics, 1)
	assert.Contains(t, c.metrics[0].ResourceMetrics[0].Resource.String(), `"orders"`)
	names := map[string]string{}
	for _, scope := range c.metrics[0].ResourceMetrics[0].ScopeMetrics {
		for _, m := range scope.Metrics {
			names[m.Name] = m.String()
			if m.Name == "http.server.request.duration" {
				assert.Equal(t, m.GetHistogram().DataPoints[0].Count, uint64(3))
			}
		}
	}
	assert.NotZero(t, names["http.server.request.duration"])
	assert.NotZero(t, names["go.memory.used"])
	assert.NotZero(t, names["go.schedule.duration"])
	assert.Equal(t, c.header.Get("X-Api-Key"), "canary")
	assert.NotContains(t, out.String(), "canary")
}

func TestStartDoesNothingUnlessAsked(t *testing.T) {
	c := newCollector(t)
	for name, env := range map[string]map[string]string{
		"unset":    {},
		"disabled": {"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_SDK_DISABLED": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range env {
				t.Setenv(k, v)
			}
			tel, _ := open(t)
			assert.NoError(t, otlp.Start(t.Context(), tel))
			_, span := tel.Tracer().Start(t.Context(), "x")
			assert.False(t, span.IsRecording())
			exchange(tel, 3)
			assert.NoError(t, tel.Shutdown(t.Context()))
			assert.Equal(t, c.asked, 0)
		})
	}
}

func TestStartRefusesABadEnvironment(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	tel, _ := open(t)
	err := otlp.Start(t.Context(), tel)
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL")
	exchange(tel, 1)
	assert.NoError(t, tel.Shutdown(t.Context()))
}

// A collector that answers nothing: more requests than the queue holds go
// through, and Shutdown ends in its time.
func TestAHungCollectorIsNotFelt(t *testing.T) {
	c := newCollector(t)
	c.hang = make(chan struct{})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	tel, out := open(t)
	assert.NoError(t, otlp.Start(t.Context(), tel))
	start := time.Now()
	exchange(tel, 10_000)
	assert.AtMost(t, time.Since(start), 5*time.Second, "one export alone may take 10 s")
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	start = time.Now()
	assert.ErrorIs(t, tel.Shutdown(ctx), context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), 2*time.Second)
	assert.Equal(t, strings.Count(out.String(), `"msg":"request"`), 10_000, "the log lost nothing")
	c.mu.Lock()
	defer c.mu.Unlock()
	assert.NotZero(t, c.asked)
}

// A collector that is not there is one line in the log.
func TestADeadCollectorIsLoggedOnce(t *testing.T) {
	c := newCollector(t)
	c.Server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.URL+"/v1/traces")
	tel, out := open(t)
	assert.NoError(t, otlp.Start(t.Context(), tel))
	exchange(tel, 1500)
	assert.NoError(t, tel.Shutdown(t.Context()))
	assert.Equal(t, strings.Count(out.String(), "telemetry export fails"), 1)
	assert.Contains(t, out.String(), "connection refused")
}
