package outbound_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func observed(t *testing.T, handler http.HandlerFunc, attempts int) (*outbound.Client, *telemetry.Telemetry, *tracetest.InMemoryExporter) {
	t.Helper()
	tel, err := telemetry.New(telemetry.Config{Service: "orders", Output: io.Discard})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.Background())) })
	spans := tracetest.NewInMemoryExporter()
	tel.AddSpanProcessor(sdktrace.NewSimpleSpanProcessor(spans))
	s := memhttp.New(t, handler)
	return outbound.New(&host{telemetry: tel}, outbound.Config{Name: "payments", URL: parse(t, memhttp.URL), Dial: dial(s), Attempts: attempts}), tel, spans
}

func scrape(tel *telemetry.Telemetry) string {
	w := httptest.NewRecorder()
	tel.Scrape().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "http_client_request_duration_seconds_count") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestACallIsCountedWhenItsBodyHasEnded(t *testing.T) {
	parent := ""
	c, tel, spans := observed(t, func(w http.ResponseWriter, r *http.Request) {
		parent = r.Header.Get("Traceparent")
		_, _ = io.WriteString(w, "ok")
	}, 0)
	res, err := c.Do(get(t, t.Context(), "/charges?token=hunter2"))
	assert.NoError(t, err)
	assert.Equal(t, scrape(tel), "")
	assert.Len(t, spans.GetSpans(), 0)
	_, err = io.ReadAll(res.Body)
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())

	assert.Match(t, scrape(tel), `payments.* 1\n`)
	ended := spans.GetSpans()
	assert.Len(t, ended, 1)
	assert.Contains(t, parent, ended[0].SpanContext.SpanID().String(), "the dependency's parent is the call, not its caller")
	for _, kv := range ended[0].Attributes {
		assert.NotContains(t, kv.Value.String(), "hunter2")
	}
}

func TestEachWayACallEndsIsCountedOnce(t *testing.T) {
	c, tel, _ := observed(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/half":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
		case "/status":
			w.WriteHeader(http.StatusTeapot)
		case "/large":
			w.Header().Set("Content-Length", "9999999999")
		}
	}, 1)
	for _, path := range []string{"/abort", "/half", "/status", "/large"} {
		_, _ = fetch(c, get(t, t.Context(), path))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fetch(c, get(t, gone, "/not-begun"))
	assert.Error(t, err)
	text := scrape(tel)
	total := 0
	for line := range strings.Lines(text) {
		n, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndex(line, " "):]))
		assert.NoError(t, err)
		total += n
	}
	assert.Equal(t, total, 4, "%s", text)
	assert.Contains(t, text, `http_response_status_code="418"`)
}

func TestAReadinessCheckIsNoCall(t *testing.T) {
	tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, tel.Shutdown(context.Background())) }()
	s := memhttp.New(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	h := &host{telemetry: tel}
	outbound.New(h, outbound.Config{URL: parse(t, memhttp.URL), HealthPath: "/livez", Dial: dial(s)})
	assert.NoError(t, h.components[0].Ready(t.Context()))
	assert.Equal(t, scrape(tel), "")
}
