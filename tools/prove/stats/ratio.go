package stats

import (
	"fmt"
	"math"
	"slices"
)

// floorRatio stands in for a ratio of zero, whose logarithm does not exist: a service that did nothing at all under
// attack is a thousand times worse than before, which refutes every limit in use.
const floorRatio = 1e-3

// Ratios bounds the typical ratio of pairs that were measured next to each other (attack over calm, within a block), by
// Student's t on their logarithms. Pairing takes out what drifts between blocks. Ratios below 0.001, zero included,
// count as 0.001. NaN is not accepted: a block without a base is no block. It needs two ratios for finite bounds.
func Ratios(ratios []float64, confidence float64) (Interval, error) {
	logs := make([]float64, len(ratios))
	for k, r := range ratios {
		if math.IsNaN(r) || math.IsInf(r, 0) || r < 0 {
			return Interval{}, fmt.Errorf("ratio of block %d is %v: leave out a block that measured nothing", k+1, r)
		}
		logs[k] = math.Log(max(r, floorRatio))
	}
	i := Mean(logs, confidence)
	i.Estimate, i.Lo, i.Hi = math.Exp(i.Estimate), math.Exp(i.Lo), math.Exp(i.Hi)
	i.Method = "paired log-ratio, Student's t"
	return i, nil
}

// Looks is a plan to look at the data several times and stop at the first look that is sure. The error rate is split
// evenly among the looks (Bonferroni), so that looking often does not make a wrong verdict likelier. The zero value looks
// after 3, 5 and 7 blocks with an error rate of 0.05 in all.
type Looks struct {
	At    []int   // numbers of blocks, rising; nil: 3, 5, 7
	Alpha float64 // probability of a wrong Yes, and of a wrong No, over all looks; 0: 0.05
}

// Confidence is that of the bounds at each look.
func (l Looks) Confidence() float64 {
	alpha := l.Alpha
	if alpha == 0 {
		alpha = 0.05
	}
	return 1 - alpha/float64(len(l.at()))
}

// Due reports whether n blocks are a reason to look.
func (l Looks) Due(n int) bool { return slices.Contains(l.at(), n) }

// Last reports whether after n blocks no look is left: an answer that is still unsure stays so.
func (l Looks) Last(n int) bool { at := l.at(); return n >= at[len(at)-1] }

func (l Looks) at() []int {
	if len(l.At) == 0 {
		return []int{3, 5, 7}
	}
	return l.At
}
