package telemetry

import (
	"math"
	"runtime/metrics"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestRebucketLosesNothing(t *testing.T) {
	h := &metrics.Float64Histogram{
		Buckets: []float64{math.Inf(-1), 0, 1, 2, 4, 8, math.Inf(1)},
		Counts:  []uint64{1, 2, 3, 4, 5, 6},
	}
	counts, count, sum := rebucket(h, []float64{1, 4})
	assert.Equal(t, counts, []uint64{1 + 2, 3 + 4, 5 + 6})
	assert.Equal(t, count, uint64(21))
	assert.Equal(t, sum, 0+2*0.5+3*1.5+4*3+5*6+6*8.0)
}

func TestLatencyBoundsAreTheRuntimes(t *testing.T) {
	s := []metrics.Sample{{Name: "/sched/latencies:seconds"}, {Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	for _, sample := range s {
		theirs := map[float64]bool{}
		for _, b := range sample.Value.Float64Histogram().Buckets {
			theirs[b] = true
		}
		for _, b := range latencyBounds() {
			assert.True(t, theirs[b], "%s has no bound %v", sample.Name, b)
		}
	}
	assert.Len(t, latencyBounds(), 9)
}
