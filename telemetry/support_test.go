package telemetry_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

const (
	traceHex = "0af7651916cd43dd8448eb211c80319c"
	spanHex  = "b7ad6b7169203331"
	parent   = "00-" + traceHex + "-" + spanHex + "-01"
)

// book is the log of a Telemetry under test.
type book struct {
	tb testing.TB
	t  *telemetry.Telemetry

	mu  sync.Mutex
	got bytes.Buffer
}

// Write implements io.Writer.
func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got.Write(p)
}

// text is everything logged so far.
func (b *book) text() string {
	assert.NoError(b.tb, b.t.Flush(b.tb.Context()))
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got.String()
}

// lines is everything logged so far, decoded.
func (b *book) lines() []map[string]any {
	var all []map[string]any
	for l := range strings.Lines(b.text()) {
		var m map[string]any
		assert.NoError(b.tb, json.Unmarshal([]byte(l), &m), l)
		all = append(all, m)
	}
	return all
}

// one is the only line logged so far.
func (b *book) one() map[string]any {
	b.tb.Helper()
	all := b.lines()
	assert.Len(b.tb, all, 1)
	return all[0]
}

func open(tb testing.TB, cfg telemetry.Config) (*telemetry.Telemetry, *book) {
	tb.Helper()
	b := &book{tb: tb}
	cfg.Output = b
	t, err := telemetry.New(cfg)
	assert.NoError(tb, err)
	b.t = t
	return t, b
}

// record makes a Telemetry that records its spans.
func record(tb testing.TB, cfg telemetry.Config) (*telemetry.Telemetry, *book, *tracetest.SpanRecorder) {
	tb.Helper()
	t, b := open(tb, cfg)
	spans := tracetest.NewSpanRecorder()
	t.AddSpanProcessor(spans)
	return t, b, spans
}

func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	m := map[string]any{}
	for _, kv := range s.Attributes() {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

// scrape is the metrics in the Prometheus text format.
func scrape(tb testing.TB, t *telemetry.Telemetry) string {
	tb.Helper()
	w := httptest.NewRecorder()
	t.Scrape().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	assert.Equal(tb, w.Code, 200)
	body, err := io.ReadAll(w.Body)
	assert.NoError(tb, err)
	return string(body)
}

// sample is the scraped lines that start so, sorted as served.
func sample(tb testing.TB, t *telemetry.Telemetry, prefix string) []string {
	tb.Helper()
	var found []string
	for l := range strings.Lines(scrape(tb, t)) {
		if strings.HasPrefix(l, prefix) {
			found = append(found, strings.TrimSuffix(l, "\n"))
		}
	}
	return found
}

func nullLog() *log.Logger { return log.New(io.Discard, "", 0) }
