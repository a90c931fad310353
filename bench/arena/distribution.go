package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// distribution is how long work takes: a log-normal one with a mean and a
// coefficient of variation, and with tail > 0 a second one for that share.
type distribution struct {
	average time.Duration
	cv      float64

	tail        float64 // share of requests that take tailAverage instead
	tailAverage time.Duration
}

func (d distribution) set() bool { return d.average > 0 }

func (d distribution) mean() time.Duration {
	return time.Duration((1-d.tail)*float64(d.average) + d.tail*float64(d.tailAverage))
}

func (d distribution) draw(rng *rand.Rand) time.Duration {
	average := d.average
	if d.tail > 0 && rng.Float64() < d.tail {
		average = d.tailAverage
	}
	if d.cv == 0 {
		return average
	}
	variance := math.Log(1 + d.cv*d.cv)
	return time.Duration(float64(average) * math.Exp(rng.NormFloat64()*math.Sqrt(variance)-variance/2))
}
