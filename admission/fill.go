package admission

import (
	"math"
	"sync/atomic"
)

// fill watches a service while its permits go out for the first time, one more at a
// time. Work that began beside few others is set against work that began beside
// many: where that takes longer the backend is full, and by how much longer says
// where it was. Later all work begins beside as many as the limit lets in, and
// there is nothing to set it against.
type fill struct {
	on    atomic.Bool
	lower half // began in the lower half of the first limit
	upper half
}

// half sums up hold times by their logarithm, which a few very long ones do not
// upset: in quarter octaves, as the buckets are.
type half struct{ count, sum, squares atomic.Int64 }

func (f *fill) observe(among, limit, held int64) {
	h := &f.lower
	if 2*among > limit {
		h = &f.upper
	}
	log := int64(bucketOf(held))
	h.count.Add(1)
	h.sum.Add(log)
	h.squares.Add(log * log)
}

// moments are the count, the mean and its variance.
func (h *half) moments() (count, mean, variance float64) {
	count = float64(h.count.Load())
	mean = float64(h.sum.Load()) / count
	return count, mean, (float64(h.squares.Load())/count - mean*mean) / (count - 1)
}

// slower is how much longer work took in the upper half than in the lower, 1 if
// chance explains it or it is not known.
func (f *fill) slower() float64 {
	few, low, lowVariance := f.lower.moments()
	many, high, highVariance := f.upper.moments()
	if few < 2 || many < 2 || high-low < 2.5*math.Sqrt(lowVariance+highVariance) {
		return 1
	}
	return math.Exp2((high - low) / perOctave)
}
