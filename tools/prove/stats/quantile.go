package stats

import (
	"math"
	"slices"
	"sort"
)

// Quantile is the smallest sample that at least the part q of the samples does not exceed (nearest rank, no
// interpolation): a value that was measured. The samples must be sorted; without any it is the zero value.
func Quantile[T ~int64 | ~float64](sorted []T, q float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	return sorted[rank(len(sorted), q)-1]
}

// rank is ceil(q·n), within 1..n; the tolerance keeps 0.95·60 from becoming 58.
func rank(n int, q float64) int {
	return min(max(int(math.Ceil(q*float64(n)-1e-9)), 1), n)
}

// QuantileInterval bounds the quantile q of what the samples were drawn from by two of the samples (order statistics;
// Hahn and Meeker, Statistical Intervals, section 5.2), whatever their distribution. The samples must be sorted. With
// fewer than [MinSamples] the upper bound is +Inf.
func QuantileInterval[T ~int64 | ~float64](sorted []T, q, confidence float64) Interval {
	n := len(sorted)
	i := Interval{N: n, Lo: math.Inf(-1), Hi: math.Inf(1), Confidence: confidence, Method: "order statistics"}
	if n == 0 {
		i.Estimate = math.NaN()
		return i
	}
	i.Estimate = float64(Quantile(sorted, q))
	if r := upperRank(n, q, confidence); r <= n {
		i.Hi = float64(sorted[r-1])
	}
	if r := lowerRank(n, q, confidence); r >= 1 {
		i.Lo = float64(sorted[r-1])
	}
	return i
}

// upperRank is the smallest r for which the r-th of n sorted samples is at or above the quantile q with the confidence;
// n+1 if there is none.
func upperRank(n int, q, confidence float64) int {
	if binomialAtMost(n-1, n, q) < confidence {
		return n + 1
	}
	return 1 + sort.Search(n-1, func(k int) bool { return binomialAtMost(k, n, q) >= confidence })
}

// lowerRank is the largest r for which the r-th of n sorted samples is at or below the quantile q with the confidence; 0
// if there is none.
func lowerRank(n int, q, confidence float64) int {
	return sort.Search(n, func(k int) bool { return 1-binomialAtMost(k, n, q) < confidence })
}

// MinSamples is how many samples a finite upper bound of the quantile q needs: 59 for p95, 299 for p99 and 2,995 for
// p99.9 at confidence 0.95.
func MinSamples(q, confidence float64) int {
	return int(math.Ceil(math.Log(1-confidence)/math.Log(q) - 1e-9))
}

// Sort sorts samples in place and returns them.
func Sort[T ~int64 | ~float64](samples []T) []T {
	slices.Sort(samples)
	return samples
}
