package admission

import "time"

// How long a class waits for a permit. Whoever is not likely to get one is better
// told at once than after waiting, and the lower a class, the sooner it gives
// way. The share is of what is left until the deadline.
const (
	sheddableShare, sheddableWait = 10, 10 * time.Millisecond
	plusShare, plusWait           = 4, 40 * time.Millisecond
	criticalShare                 = 2

	// withoutDeadline is what is taken for the time left of work that has no
	// deadline.
	withoutDeadline = 2 * time.Second

	// patient is the lowest level that waits as long as its deadline lets it.
	patient = 2

	// overstay is the multiple of its patience after which a waiter that was
	// let in is refused after all.
	overstay = 2
)

// patience is how long a newcomer of a level may be expected to wait.
func patience(level int, left int64) int64 {
	left = min(left, int64(withoutDeadline))
	switch level {
	case 0:
		return min(left/sheddableShare, int64(sheddableWait))
	case 1:
		return min(left/plusShare, int64(plusWait))
	default:
		return left / criticalShare
	}
}

// supply is how many permits a second go to each level, as far as they go
// through the queue.
type supply struct {
	since  int64
	counts [levels]float64
	rates  [levels]float64 // a second, smoothed
}

const supplyEvery = 50 * time.Millisecond

func (s *supply) granted(level int, now int64) {
	s.counts[level]++
	if elapsed := now - s.since; elapsed >= int64(supplyEvery) {
		s.since = now
		seconds := float64(elapsed) / float64(time.Second)
		weight := min(1, seconds/0.2)
		for i := range s.rates {
			s.rates[i] += weight * (s.counts[i]/seconds - s.rates[i])
			s.counts[i] = 0
		}
	}
}

// left is what of the rate the levels above leave, never less than their floor.
func (s *supply) left(rate float64, level int) float64 {
	left := rate
	for _, taken := range s.rates[level+1:] {
		left -= taken
	}
	return max(left, rate/floorEvery)
}
