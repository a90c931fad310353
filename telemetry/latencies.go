package telemetry

import (
	"context"
	"math"
	"runtime/metrics"
	"time"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/goconv"
)

// latencies reports the runtime's own histograms: how long goroutines wait for
// a processor, which is the CPU's saturation, and how long the garbage
// collector stops the world. The API has no way to hand over a histogram that
// someone else counted, so it is a producer beside the meter.
type latencies struct{ start time.Time }

func newLatencies() *latencies { return &latencies{start: time.Now()} }

// latencyBounds are 16 µs to 1 s in steps of four, in seconds. Being powers of
// two in nanoseconds, all are among the runtime's own some 160 bounds, so no
// count is split between two buckets.
func latencyBounds() []float64 {
	bounds := make([]float64, 0, 9)
	for ns := 1 << 14; ns <= 1<<30; ns <<= 2 {
		bounds = append(bounds, float64(ns)/1e9)
	}
	return bounds
}

// Produce implements sdkmetric.Producer.
func (l *latencies) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	samples := []metrics.Sample{
		{Name: "/sched/latencies:seconds"},
		{Name: "/sched/pauses/total/gc:seconds"},
	}
	metrics.Read(samples)
	now := time.Now()
	schedule, pause := goconv.ScheduleDuration{}, goconv.MemoryGCPauseDuration{}
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: scopeName + "/runtime", SchemaURL: semconv.SchemaURL},
		Metrics: []metricdata.Metrics{{
			Name:        schedule.Name(),
			Unit:        schedule.Unit(),
			Description: schedule.Description(),
			Data:        l.histogram(samples[0].Value.Float64Histogram(), now),
		}, {
			Name:        pause.Name(),
			Unit:        pause.Unit(),
			Description: pause.Description(),
			Data:        l.histogram(samples[1].Value.Float64Histogram(), now),
		}},
	}}, nil
}

func (l *latencies) histogram(h *metrics.Float64Histogram, now time.Time) metricdata.Histogram[float64] {
	bounds := latencyBounds()
	counts, count, sum := rebucket(h, bounds)
	return metricdata.Histogram[float64]{
		Temporality: metricdata.CumulativeTemporality,
		DataPoints: []metricdata.HistogramDataPoint[float64]{{
			StartTime:    l.start,
			Time:         now,
			Count:        count,
			Sum:          sum,
			Bounds:       bounds,
			BucketCounts: counts,
		}},
	}
}

// rebucket adds the runtime's buckets up into those between bounds, which must
// ascend. The runtime keeps no sum: it is estimated from the middle of each of
// its buckets, which are at most a quarter wide.
func rebucket(h *metrics.Float64Histogram, bounds []float64) (counts []uint64, count uint64, sum float64) {
	counts = make([]uint64, len(bounds)+1)
	into := 0
	for i, n := range h.Counts {
		low, high := h.Buckets[i], h.Buckets[i+1]
		for into < len(bounds) && high > bounds[into] {
			into++
		}
		counts[into] += n
		count += n
		if math.IsInf(low, -1) {
			low = 0
		}
		if math.IsInf(high, 1) {
			high = low
		}
		sum += float64(n) * (low + high) / 2
	}
	return counts, count, sum
}
