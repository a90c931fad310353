package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// A canary is put wherever a caller or a dependency may put a secret; none may
// come out of a log line, a span, a metric or an exporter.
func TestNoSecretIsRecorded(t *testing.T) {
	const canary = "canary-5f3a"
	tel, logged, spans := record(t, telemetry.Config{})
	pushed := &memory{}
	assert.NoError(t, tel.AddMetricExporter(pushed))

	h := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := outgoing("POST", "https://user:"+canary+"@pay.example/charges?key="+canary+"#"+canary)
		out.Header.Set("Authorization", "Bearer "+canary)
		ctx, call := tel.StartClient(r.Context(), out, "payments")
		err := &url.Error{Op: "Post", URL: out.URL.String(), Err: context.DeadlineExceeded}
		call.End(0, err)
		tel.Logger().InfoContext(ctx, "called")
		w.(interface{ RecordError(error) }).RecordError(fmt.Errorf("charge: %w", err))
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	r := httptest.NewRequest("POST", "https://user:"+canary+"@shop.example/orders?card="+canary, bytes.NewReader([]byte(canary)))
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "Idempotency-Key", "User-Agent", "Referer", "Baggage", "Tracestate", "X-Forwarded-For", "X-Request-Id"} {
		r.Header.Set(name, canary+"="+canary)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	tel.Shed(r, telemetry.Refusal{Route: "POST /orders", Reason: "queue-full", Status: 503})

	assert.NotContains(t, scrape(t, tel), canary)
	assert.NoError(t, tel.Shutdown(t.Context()))
	assert.Len(t, logged.lines(), 3)
	assert.NotContains(t, logged.text(), canary)
	assert.Len(t, spans.Ended(), 2)
	for _, s := range spans.Ended() {
		assert.NotContains(t, fmt.Sprint(s.Name(), attributes(s), s.Events(), s.Links(), s.Status(), s.Resource()), canary)
	}
	assert.NotContains(t, fmt.Sprintf("%+v", pushed.last()), canary)
}

// memory is a metric exporter that keeps what it was given.
type memory struct {
	temporality metricdata.Temporality
	got         []*metricdata.ResourceMetrics
	block       bool // until the context ends
	shut        bool
}

func (m *memory) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	if m.temporality == 0 {
		return metricdata.CumulativeTemporality
	}
	return m.temporality
}

func (*memory) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

func (m *memory) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	if m.block {
		<-ctx.Done()
		return ctx.Err()
	}
	m.got = append(m.got, &metricdata.ResourceMetrics{Resource: rm.Resource, ScopeMetrics: rm.ScopeMetrics})
	return nil
}

func (*memory) ForceFlush(context.Context) error { return nil }

func (m *memory) Shutdown(context.Context) error {
	m.shut = true
	return nil
}

func (m *memory) last() []metricdata.ScopeMetrics { return m.got[len(m.got)-1].ScopeMetrics }
