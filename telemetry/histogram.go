package telemetry

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"
)

// durationBounds are the buckets of request durations: those of the semantic
// conventions, three below for services that answer in less than 5 ms, two above
// for budgets beyond 10 s.
func durationBounds() []time.Duration {
	const ms = time.Millisecond
	return []time.Duration{
		ms / 2, ms, 5 * ms / 2,
		5 * ms, 10 * ms, 25 * ms, 50 * ms, 75 * ms, 100 * ms, 250 * ms, 500 * ms, 750 * ms,
		1000 * ms, 2500 * ms, 5000 * ms, 7500 * ms, 10_000 * ms,
		30_000 * ms, 60_000 * ms,
	}
}

// histogram counts the durations of one series. It is recorded for every
// request, and the SDK's takes the attributes apart each time: six times as long
// (BenchmarkHistogram). What both report is the same, exemplars included.
type histogram struct {
	attributes attribute.Set
	start      time.Time
	bounds     []time.Duration
	buckets    []bucket      // one more than bounds
	sum        atomic.Uint64 // seconds, float64 bits
}

// bucket counts durations up to and with its bound.
type bucket struct {
	count    atomic.Uint64
	exemplar atomic.Pointer[metricdata.Exemplar[float64]] // the last that a trace was sampled of
}

func newHistogram(attrs ...attribute.KeyValue) *histogram {
	bounds := durationBounds()
	return &histogram{attributes: attribute.NewSet(attrs...), start: time.Now(), bounds: bounds, buckets: make([]bucket, len(bounds)+1)}
}

// record counts one duration; sc may be the invalid one.
func (h *histogram) record(sc trace.SpanContext, d time.Duration) {
	i, _ := slices.BinarySearch(h.bounds, d)
	h.buckets[i].count.Add(1)
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+d.Seconds())) {
			break
		}
	}
	if sc.IsSampled() {
		traceID, spanID := sc.TraceID(), sc.SpanID()
		h.buckets[i].exemplar.Store(&metricdata.Exemplar[float64]{
			Time: time.Now(), Value: d.Seconds(), TraceID: traceID[:], SpanID: spanID[:],
		})
	}
}

func (h *histogram) point(now time.Time) metricdata.HistogramDataPoint[float64] {
	p := metricdata.HistogramDataPoint[float64]{
		Attributes: h.attributes, StartTime: h.start, Time: now,
		Bounds: make([]float64, len(h.bounds)), BucketCounts: make([]uint64, len(h.buckets)),
		Sum: math.Float64frombits(h.sum.Load()),
	}
	for i, b := range h.bounds {
		p.Bounds[i] = b.Seconds()
	}
	for i := range h.buckets {
		b := &h.buckets[i]
		p.BucketCounts[i] = b.count.Load()
		p.Count += p.BucketCounts[i]
		if e := b.exemplar.Load(); e != nil {
			p.Exemplars = append(p.Exemplars, *e)
		}
	}
	return p
}

// durations reports the histograms, beside the meter: its API takes measurements,
// not what was counted already.
type durations struct {
	server *serverMetrics
	client *clientMetrics
}

// Produce implements sdkmetric.Producer.
func (d durations) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	s, c := httpconv.ServerRequestDuration{}, httpconv.ClientRequestDuration{}
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: scopeName, SchemaURL: semconv.SchemaURL},
		Metrics: slices.Concat(
			cumulative(s.Name(), s.Unit(), s.Description(), &d.server.series),
			cumulative(c.Name(), c.Unit(), c.Description(), &d.client.series),
		),
	}}, nil
}

// cumulative is one metric, or none while nothing was counted.
func cumulative[K comparable](name, unit, description string, s *series[K, *histogram]) []metricdata.Metrics {
	now := time.Now()
	var points []metricdata.HistogramDataPoint[float64]
	s.all(func(_ K, h *histogram) { points = append(points, h.point(now)) })
	if points == nil {
		return nil
	}
	return []metricdata.Metrics{{Name: name, Unit: unit, Description: description,
		Data: metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality, DataPoints: points}}}
}
