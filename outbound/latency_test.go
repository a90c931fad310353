package outbound

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestLatenciesAreAtMostASixteenthTooHigh(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		var l latencies
		var all []time.Duration
		for i := range 20_000 {
			d := time.Duration(float64(time.Microsecond) * pow(2, 24*r.Float64())) // to 16 s
			l.observe(int64(i)*2*millisecond, d)
			all = append(all, d)
		}
		slices.Sort(all)
		s := l.summary(40 * second)
		assert.Equal(t, s.count, len(all))
		for _, c := range []struct {
			got      time.Duration
			perMille int
		}{{s.p50, 500}, {s.p95, 950}, {s.p999, 999}} {
			exact := all[len(all)*c.perMille/1000-1]
			assert.AtLeast(t, c.got, exact, c.perMille)
			assert.AtMost(t, c.got, exact+exact/16+1, c.perMille)
		}
	}
}

func TestLatenciesForgetAfterAMinute(t *testing.T) {
	var l latencies
	assert.Equal(t, l.summary(0), latencySummary{})
	l.observe(second, time.Second)
	l.observe(15*second, time.Millisecond)
	s := l.summary(50 * second)
	assert.Equal(t, s.count, 2)
	assert.AtLeast(t, s.p999, time.Second)
	s = l.summary(61 * second)
	assert.Equal(t, s.count, 1)
	assert.AtMost(t, s.p999, 2*time.Millisecond)
	l.observe(62*second, time.Minute)
	assert.Equal(t, l.summary(62*second).count, 2, "the slot of the first second is used again")
	assert.Equal(t, l.summary(3600*second), latencySummary{})
}

func TestLatenciesOfAnyLength(t *testing.T) {
	var l latencies
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Hour, 1 << 62} {
		l.observe(0, d)
	}
	s := l.summary(0)
	assert.Equal(t, s.count, 5)
	assert.AtLeast(t, s.p999, 2*time.Minute)
	for k := range latencyBuckets {
		if k > 0 {
			assert.Equal(t, latencyBucket(latencyEdge(k-1)), k)
		}
		assert.Equal(t, latencyBucket(latencyEdge(k)-1), k)
	}
}

func TestLatenciesInManyHands(t *testing.T) {
	var l latencies
	var hands sync.WaitGroup
	for range 8 {
		hands.Go(func() {
			for now := int64(0); now < 100*second; now += 20 * millisecond {
				l.observe(now, time.Millisecond)
				l.summary(now)
			}
		})
	}
	hands.Wait()
	s := l.summary(100*second - 1 + latencyFresh)
	assert.AtMost(t, s.count, 8*50*60)
	assert.AtLeast(t, s.count, 8*50*49)
}
