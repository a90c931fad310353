package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	// mostCapacity is the highest capacity that is drawn, in requests a second:
	// what is above it no single process could serve.
	mostCapacity = 5000

	// leastRequests and mostArrivals bound how long a scenario lasts: enough
	// requests for a figure, and an end.
	leastRequests = 3000
	mostArrivals  = 120_000
)

// random draws a scenario that nobody chose.
func random(rng *rand.Rand, number int) scenario {
	s := scenario{attempts: 1}
	for {
		s.slots = int(math.Round(logUniform(rng, 1, 512)))
		s.work = distribution{average: time.Duration(logUniform(rng, 0.2, 500) * float64(ms)), cv: 4 * rng.Float64()}
		if rng.IntN(4) == 0 {
			s.work.cv = min(s.work.cv, 1)
			s.work.tail, s.work.tailAverage = 0.02+0.3*rng.Float64(), time.Duration(logUniform(rng, 4, 30)*float64(s.work.average))
		}
		if s.capacity() <= mostCapacity {
			break
		}
	}
	mean := s.work.mean()
	s.budget = max(time.Duration(logUniform(rng, 4, 50)*float64(mean)), 20*ms)
	s.classes = randomMix(rng)
	if rng.IntN(3) == 0 {
		s.tenants = tenantry{light: 1 + rng.IntN(30), heavy: 0.3 + 0.6*rng.Float64()}
	}
	load := logUniform(rng, 0.3, 20)
	shape, parts := randomParts(rng, load)
	s.parts = lasting(s, parts)
	s.name = fmt.Sprintf("#%d k=%d s=%v cv=%.1f tail=%.2f budget=%v %s", number, s.slots, s.work.average.Round(10*time.Microsecond), s.work.cv, s.work.tail, s.budget.Round(ms), shape)
	return s
}

// randomMix draws class shares: critical ones from 2 to 30 %.
func randomMix(rng *rand.Rand) mix {
	critical := 0.02 + 0.28*rng.Float64()
	top := critical * 0.3 * rng.Float64()
	plus := (1 - critical) * rng.Float64()
	return mix{1 - critical - plus, plus, critical - top, top}
}

// randomParts draws how the load goes. The lengths are shares of the whole; the
// first part is the warm-up.
func randomParts(rng *rand.Rand, load float64) (string, []part) {
	share := func(n int) time.Duration { return time.Duration(n) * time.Second }
	switch rng.IntN(4) {
	case 0:
		return fmt.Sprintf("%.1fx", load), []part{{length: share(10), load: load, unscored: true}, {length: share(30), load: load}}
	case 1:
		second := logUniform(rng, 0.3, 20)
		return fmt.Sprintf("%.1fx then %.1fx", load, second), []part{
			{length: share(10), load: load, unscored: true}, {length: share(10), load: load},
			{length: share(10), load: second}, {length: share(10), load: load},
		}
	case 2:
		second := logUniform(rng, 0.3, 20)
		parts := []part{{length: share(10), load: load, unscored: true}}
		for i := range 15 {
			parts = append(parts, part{length: share(2), load: load + (second-load)*float64(i)/14})
		}
		return fmt.Sprintf("%.1fx ramps to %.1fx", load, second), parts
	default:
		slow := logUniform(rng, 1.5, 5)
		load = min(load, 8)
		return fmt.Sprintf("%.1fx, slower by %.1f for a third", load, slow), []part{
			{length: share(10), load: load, unscored: true}, {length: share(10), load: load},
			{length: share(10), load: load, slow: slow}, {length: share(10), load: load},
		}
	}
}

// lasting stretches the parts so that the warm-up, a quarter, lasts at least 3 s
// and 40 times the work, and the whole has requests enough for a figure. Where
// that is more arrivals than the bound, 3 s and 15 times the work have to do.
func lasting(s scenario, parts []part) []part {
	var shares, arrivals float64
	for _, p := range parts {
		shares += p.length.Seconds()
		arrivals += p.length.Seconds() * p.load * s.capacity()
	}
	unit := max(12/shares, 160*s.work.mean().Seconds()/shares, leastRequests/s.capacity()/shares)
	unit = min(unit, max(mostArrivals/arrivals, 12/shares, 60*s.work.mean().Seconds()/shares))
	for i := range parts {
		parts[i].length = time.Duration(unit * float64(parts[i].length))
	}
	return parts
}

func logUniform(rng *rand.Rand, low, high float64) float64 {
	return low * math.Exp(rng.Float64()*math.Log(high/low))
}
