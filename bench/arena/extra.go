package main

import (
	"math"
	"slices"
	"time"
)

// extras are counts beside those of requests in time.
type extras struct {
	tenants map[uint64]*[2]int // arrived, served

	refusedCritical []time.Duration // when those of the two higher classes were refused, unless overtaken
	overtaken       int             // of them, those whom a lower class that came later overtook

	limits  float64 // the limit, summed up over samples
	samples int
}

// measured is who can say what its limit is.
type measured interface{ Limit() int }

const sampleEvery = 10 * time.Millisecond

// sample notes the limit now and then.
func (r *run) sample() {
	m, ok := r.limiter.(measured)
	if !ok {
		return
	}
	every(sampleEvery, r.scenario.length(), func() {
		limit := m.Limit()
		r.note(func() {
			t := r.at(r.now())
			t.limits += float64(limit)
			t.samples++
		})
	})
}

// tenant counts an arrival, or a service.
func (x *extras) tenant(id uint64, what int) {
	if id == 0 {
		return
	}
	if x.tenants == nil {
		x.tenants = map[uint64]*[2]int{}
	}
	if x.tenants[id] == nil {
		x.tenants[id] = new([2]int)
	}
	x.tenants[id][what]++
}

// overtakes notes that one of a lower class was let in who came at asked: whoever
// of a higher class was refused in the time that one piece of work takes before
// that was overtaken.
func (x *extras) overtakes(asked, now, work time.Duration) {
	x.refusedCritical = slices.DeleteFunc(x.refusedCritical, func(refused time.Duration) bool {
		if refused <= asked && now-refused <= work {
			x.overtaken++
			return true
		}
		return refused < now-work
	})
}

// jain is Jain's index of how near tenants come to what a fair division of the room
// would give them: the smaller demands in full, the others equal shares.
func (x *extras) jain(room float64) float64 {
	var demands []float64
	for _, t := range x.tenants {
		demands = append(demands, float64(t[0]))
	}
	if len(demands) == 0 {
		return math.NaN()
	}
	slices.Sort(demands)
	fair := room / float64(len(demands))
	for i, left := 0, room; i < len(demands); i++ {
		fair = left / float64(len(demands)-i)
		if demands[i] > fair {
			break
		}
		left -= demands[i]
	}
	var sum, squares float64
	for _, t := range x.tenants {
		share := float64(t[1]) / math.Min(float64(t[0]), fair)
		sum, squares = sum+share, squares+share*share
	}
	return sum * sum / (float64(len(x.tenants)) * squares)
}

// moved is by how much a marked part moves the limit: the mean of the part after it
// against the part before. The median over all of them; NaN: there are none, or
// nobody says what its limit is.
func moved(s scenario, tallies []tally) float64 {
	var moves []float64
	for i, p := range s.parts {
		if !p.mark || i == 0 || i+1 >= len(s.parts) || tallies[i-1].samples == 0 || tallies[i+1].samples == 0 {
			continue
		}
		before, after := tallies[i-1].limits/float64(tallies[i-1].samples), tallies[i+1].limits/float64(tallies[i+1].samples)
		moves = append(moves, math.Abs(after/before-1))
	}
	if len(moves) == 0 {
		return math.NaN()
	}
	slices.Sort(moves)
	return moves[len(moves)/2]
}
