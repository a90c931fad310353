package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/quick"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func TestRatios(t *testing.T) {
	i, err := stats.Ratios([]float64{0.5, 2}, 0.95)
	assert.NoError(t, err)
	assert.AtMost(t, math.Abs(i.Estimate-1), 1e-12, "the middle of a half and twice is one")
	assert.AtMost(t, math.Abs(i.Lo*i.Hi-1), 1e-9)

	same, err := stats.Ratios([]float64{0.97, 0.97, 0.97}, 0.98)
	assert.NoError(t, err)
	assert.AtMost(t, same.Hi-same.Lo, 1e-12)

	one, err := stats.Ratios([]float64{0.97}, 0.95)
	assert.NoError(t, err)
	assert.Equal(t, one.AtLeast(0.5), stats.Unsure, "one block has no spread")

	dead, err := stats.Ratios([]float64{0, 0, 0}, 0.95)
	assert.NoError(t, err)
	assert.Equal(t, dead.AtLeast(0.8), stats.No)

	for _, bad := range []float64{math.NaN(), math.Inf(1), -1} {
		_, err := stats.Ratios([]float64{1, bad}, 0.95)
		assert.Error(t, err)
	}
}

func TestLooks(t *testing.T) {
	var l stats.Looks
	assert.AtMost(t, math.Abs(l.Confidence()-(1-0.05/3)), 1e-12)
	for n, want := range []bool{false, false, false, true, false, true, false, true, false} {
		assert.Equal(t, l.Due(n), want, n)
		assert.Equal(t, l.Last(n), n >= 7, n)
	}
	own := stats.Looks{At: []int{4}, Alpha: 0.1}
	assert.Equal(t, own.Confidence(), 0.9)
	assert.True(t, own.Due(4) && own.Last(4) && !own.Due(3))
}

// Looking three times must not make a wrong verdict likelier than 5 %: services exactly at the limit are judged 2,000
// times. Without the split of alpha about 11 % would be wrong.
func TestLooksKeepTheErrorRate(t *testing.T) {
	t.Logf("seed 2")
	rng := rand.New(rand.NewPCG(2, 2))
	var l stats.Looks
	const repeats, limit = 2000, 0.8
	wrong := map[stats.Answer]int{}
	for range repeats {
		var ratios []float64
		for {
			ratios = append(ratios, limit*math.Exp(0.08*rng.NormFloat64()))
			if !l.Due(len(ratios)) {
				continue
			}
			i, err := stats.Ratios(ratios, l.Confidence())
			assert.NoError(t, err)
			a := i.AtLeast(limit)
			if a != stats.Unsure || l.Last(len(ratios)) {
				wrong[a]++
				break
			}
		}
	}
	assert.AtMost(t, float64(wrong[stats.Yes])/repeats, 0.05)
	assert.AtMost(t, float64(wrong[stats.No])/repeats, 0.05)
	assert.AtLeast(t, wrong[stats.Unsure], repeats*9/10)
}

// Properties of every interval: it contains its estimate, is wider at a higher confidence, and a proportion stays in
// [0, 1].
func TestIntervalProperties(t *testing.T) {
	ordered := func(i stats.Interval) bool { return i.Lo <= i.Estimate && i.Estimate <= i.Hi }
	wider := func(a, b stats.Interval) bool { return a.Lo <= b.Lo && a.Hi >= b.Hi }
	proportion := func(k, n uint16) bool {
		trials := int(n)%2000 + 1
		hits := int(k) % (trials + 1)
		a, b := stats.Proportion(hits, trials, 0.99), stats.Proportion(hits, trials, 0.9)
		return ordered(a) && ordered(b) && wider(a, b) && a.Lo >= 0 && a.Hi <= 1
	}
	assert.NoError(t, quick.Check(proportion, nil))
	quantile := func(samples []int64, q8 uint8) bool {
		if len(samples) == 0 {
			return true
		}
		q := (float64(q8) + 0.5) / 256
		stats.Sort(samples)
		a, b := stats.QuantileInterval(samples, q, 0.99), stats.QuantileInterval(samples, q, 0.9)
		return ordered(a) && ordered(b) && wider(a, b)
	}
	assert.NoError(t, quick.Check(quantile, nil))
}

func BenchmarkQuantileInterval(b *testing.B) {
	sorted := make([]float64, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		stats.QuantileInterval(sorted, 0.99, 0.95)
	}
}

// Seven blocks at most: look after three, and stop as soon as the answer is sure.
func ExampleLooks() {
	measured := []float64{0.98, 0.95, 0.97, 0.96, 0.99, 0.97, 0.98} // goodput under attack over goodput before it
	var looks stats.Looks
	for n := 1; n <= len(measured); n++ {
		if !looks.Due(n) {
			continue
		}
		i, err := stats.Ratios(measured[:n], looks.Confidence())
		if err != nil {
			panic(err)
		}
		answer := i.AtLeast(0.8)
		fmt.Printf("after %d blocks: %s, at least 0.8: %s\n", n, i, answer)
		if answer != stats.Unsure || looks.Last(n) {
			break
		}
	}
	// Output: after 3 blocks: 0.9666 [0.9205, 1.015] n=3, at least 0.8: yes
}

// No request of 3,000 was lost: that bounds the rate of losses, and does not show that there are none.
func ExampleProportion() {
	lost := stats.Proportion(0, 3000, 0.95)
	fmt.Printf("at most %.2f %%\n", lost.Hi*100)
	// Output: at most 0.10 %
}

// A hundred samples are too few to bound a p99: the upper bound is infinite and decides nothing.
func ExampleQuantileInterval() {
	latencies := make([]float64, 100) // seconds, sorted
	for k := range latencies {
		latencies[k] = 0.010 + float64(k)*0.0001
	}
	p99 := stats.QuantileInterval(latencies, 0.99, 0.95)
	fmt.Println(p99, p99.AtMost(0.5), "needs", stats.MinSamples(0.99, 0.95))
	// Output: 0.0198 [0.0196, +Inf] n=100 unsure needs 299
}
