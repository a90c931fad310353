package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func near(t *testing.T, got, want, relative float64, note ...any) {
	t.Helper()
	if math.Abs(got-want) > math.Abs(want)*relative+1e-12 {
		t.Fatalf("got %v, want %v %v", got, want, note)
	}
}

// Values of Student's t from the tables of Fisher and Yates, to the digits printed there.
func TestStudentTable(t *testing.T) {
	for _, c := range []struct{ p, df, want float64 }{
		{0.95, 1, 6.314}, {0.95, 2, 2.920}, {0.95, 10, 1.812}, {0.95, 120, 1.658},
		{0.975, 1, 12.706}, {0.975, 4, 2.776}, {0.975, 10, 2.228}, {0.975, 30, 2.042},
		{0.99, 2, 6.965}, {0.99, 30, 2.457}, {0.995, 5, 4.032}, {0.9995, 10, 4.587},
	} {
		near(t, studentQuantile(c.p, c.df), c.want, 5e-4, "p, df:", c.p, c.df)
	}
	near(t, studentAtMost(-2.228138852, 10), 0.025, 1e-8)
}

// I_x(a, b) against closed forms and against sums of binomial terms.
func TestBetaRegularized(t *testing.T) {
	for _, x := range []float64{0.001, 0.2, 0.5, 0.77, 0.999} {
		near(t, betaRegularized(x, 1, 1), x, 1e-12)
		near(t, betaRegularized(x, 3, 1), x*x*x, 1e-12)
		near(t, betaRegularized(x, 1, 4), 1-math.Pow(1-x, 4), 1e-12)
		near(t, betaRegularized(x, 2.5, 7), 1-betaRegularized(1-x, 7, 2.5), 1e-9)
	}
	for _, n := range []int{1, 7, 60, 300} {
		for _, p := range []float64{0.01, 0.5, 0.95} {
			sum := 0.0
			for k := range n {
				sum += binomialTerm(k, n, p)
				near(t, binomialAtMost(k, n, p), sum, 1e-9, "n, k, p:", n, k, p)
			}
		}
	}
	assert.Equal(t, binomialAtMost(-1, 5, 0.5), 0)
	assert.Equal(t, binomialAtMost(5, 5, 0.5), 1)
}

func binomialTerm(k, n int, p float64) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	hits, _ := math.Lgamma(float64(k + 1))
	misses, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(all - hits - misses + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// A million trials: the continued fraction still converges, and agrees with the normal approximation.
func TestBinomialOfAMillion(t *testing.T) {
	const n, p = 1_000_000, 0.99
	for _, z := range []float64{-2, 0, 1, 3} {
		k := int(n*p + z*math.Sqrt(n*p*(1-p)))
		near(t, binomialAtMost(k, n, p), 0.5*math.Erfc(-z/math.Sqrt2), 0.05, "z:", z)
	}
}

// Bounds of Clopper and Pearson: the two-sided 95 % intervals of Newcombe (Statistics in Medicine 17, 1998, table I,
// method 5), to the digits printed there, are one-sided 97.5 % bounds here. The zero-event bounds are in closed form.
func TestProportionTable(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{
		{81, 263, 0.2527, 0.3676}, {15, 148, 0.0578, 0.1617}, {0, 20, 0, 0.1684}, {1, 29, 0.0009, 0.1776}, {29, 29, 0.8806, 1},
	} {
		i := Proportion(c.k, c.n, 0.975)
		assert.AtMost(t, math.Abs(i.Lo-c.lo), 5e-5, "lo of %d in %d", c.k, c.n)
		assert.AtMost(t, math.Abs(i.Hi-c.hi), 5e-5, "hi of %d in %d", c.k, c.n)
		near(t, i.Estimate, float64(c.k)/float64(c.n), 1e-15)
	}
	for _, n := range []int{1, 10, 1500, 3000, 1_000_000} {
		near(t, Proportion(0, n, 0.95).Hi, 1-math.Pow(0.05, 1/float64(n)), 1e-6, "none of", n)
		near(t, Proportion(n, n, 0.95).Lo, math.Pow(0.05, 1/float64(n)), 1e-6, "all of", n)
	}
	assert.AtMost(t, Proportion(0, 3000, 0.95).Hi, 0.001)
}

func TestMinSamples(t *testing.T) {
	for _, c := range []struct {
		q    float64
		want int
	}{{0.5, 5}, {0.95, 59}, {0.99, 299}, {0.999, 2995}} {
		assert.Equal(t, MinSamples(c.q, 0.95), c.want, c.q)
		sorted := make([]float64, c.want)
		assert.False(t, math.IsInf(QuantileInterval(sorted, c.q, 0.95).Hi, 1), c.q)
		assert.True(t, math.IsInf(QuantileInterval(sorted[1:], c.q, 0.95).Hi, 1), c.q)
	}
}

// Ranks against the definition, by searching all of them.
func TestQuantileRanks(t *testing.T) {
	for _, n := range []int{1, 10, 59, 60, 299, 1000} {
		for _, q := range []float64{0.5, 0.9, 0.99} {
			lower, upper := 0, n+1
			for r := 1; r <= n; r++ {
				if 1-binomialAtMost(r-1, n, q) >= 0.95 {
					lower = r
				}
			}
			for r := n; r >= 1; r-- {
				if binomialAtMost(r-1, n, q) >= 0.95 {
					upper = r
				}
			}
			assert.Equal(t, lowerRank(n, q, 0.95), lower, "n=%d q=%v", n, q)
			assert.Equal(t, upperRank(n, q, 0.95), upper, "n=%d q=%v", n, q)
		}
	}
}

func TestQuantileIsASample(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]float64{0: 1, 0.1: 1, 0.11: 2, 0.5: 5, 0.9: 9, 0.99: 10, 1: 10} {
		assert.Equal(t, Quantile(ten, q), want, q)
	}
	assert.Equal(t, Quantile([]float64(nil), 0.5), 0)
	sixty := make([]float64, 60)
	for k := range sixty {
		sixty[k] = float64(k + 1)
	}
	assert.Equal(t, Quantile(sixty, 0.95), 57)
}

// The bounds must cover the truth as often as they say, each of them: binomial noise of 2,000 repetitions around 5 % has
// a standard deviation of 0.5 %.
func TestCoverage(t *testing.T) {
	const repeats, allowed = 2000, 0.065
	t.Logf("seed 1")
	rng := rand.New(rand.NewPCG(1, 1))
	misses := map[string]int{}
	count := func(name string, i Interval, truth float64) {
		if i.Lo > truth {
			misses[name+" lo"]++
		}
		if i.Hi < truth {
			misses[name+" hi"]++
		}
	}
	for range repeats {
		latencies := make([]float64, 400)
		for k := range latencies {
			latencies[k] = rng.ExpFloat64()
		}
		Sort(latencies)
		count("p50", QuantileInterval(latencies, 0.5, 0.95), math.Ln2)
		count("p99", QuantileInterval(latencies, 0.99, 0.95), -math.Log(0.01))
		hits := 0
		for range 200 {
			if rng.Float64() < 0.03 {
				hits++
			}
		}
		count("proportion", Proportion(hits, 200, 0.95), 0.03)
		ratios := make([]float64, 5)
		for k := range ratios {
			ratios[k] = 0.9 * math.Exp(0.1*rng.NormFloat64())
		}
		i, err := Ratios(ratios, 0.95)
		assert.NoError(t, err)
		count("ratio", i, 0.9)
	}
	for name, n := range misses {
		assert.AtMost(t, float64(n)/repeats, allowed, name)
	}
}
