package load

import (
	"math/rand/v2"
	"time"
)

// Streams of randomness of a run besides those of its requests.
const (
	streamArrivals = 1<<63 + iota
	streamMix
	streamWorkers
)

// schedule decides, before the run, when every request is due, of which kind it is, and whether it opens a connection of
// its own. The same plan gives the same schedule.
func schedule(p Plan) []Row {
	var total float64
	for _, s := range p.steps() {
		total += s.Rate * s.For.Seconds()
	}
	rows := make([]Row, 0, int(total*1.02)+100)
	arrivals := rand.New(rand.NewPCG(p.Seed, streamArrivals))
	var begin time.Duration
	for _, s := range p.steps() {
		end := begin + s.For
		for at := begin; s.Rate > 0; {
			gap := 1 / s.Rate
			if p.Arrival == Poisson {
				gap *= arrivals.ExpFloat64()
			}
			if p.Arrival == Uniform && at == begin && len(rows) == 0 {
				gap = 0
			}
			if gap >= (end - at).Seconds() {
				break
			}
			at += time.Duration(gap * float64(time.Second))
			rows = append(rows, Row{Intended: at})
		}
		begin = end
	}
	chance := rand.New(rand.NewPCG(p.Seed, streamMix))
	choose := chooser(p.Mix)
	for i := range rows {
		rows[i].Route = choose(chance)
		if p.Fresh > 0 && chance.Float64() < p.Fresh {
			rows[i].Flags |= Fresh
		}
	}
	return rows
}

// chooser returns a function that draws an index of the mix by weight.
func chooser(mix []Request) func(*rand.Rand) uint16 {
	upTo := make([]float64, len(mix))
	sum := 0.0
	for k, m := range mix {
		if m.Weight == 0 {
			m.Weight = 1
		}
		sum += m.Weight
		upTo[k] = sum
	}
	return func(rng *rand.Rand) uint16 {
		if len(mix) == 1 {
			return 0
		}
		x := rng.Float64() * sum
		for k, limit := range upTo {
			if x < limit {
				return uint16(k)
			}
		}
		return uint16(len(mix) - 1)
	}
}
