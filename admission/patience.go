package admission

import "time"

// How long a class waits for a permit. Whoever is not likely to get one is better
// told at once than after waiting, and the lower a class, the sooner it gives
// way. The share is of what is left until the deadline.
const (
	sheddableShare, sheddableWait = 10, 10 * time.Millisecond
	plusShare, plusWait           = 4, 20 * time.Millisecond
	criticalShare                 = 2

	// withoutDeadline is what is taken for the time left of work that has no
	// deadline.
	withoutDeadline = 2 * time.Second

	// patient is the lowest level that waits as long as its deadline lets it.
	patient = 2

	// overstay is the multiple of its patience after which a waiter that was
	// let in is refused after all.
	overstay     = 2
	longestLower = 15 * time.Millisecond // and at most
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
	asked float64 // who came to the queue, refused or not
	left  float64 // seconds that they had left, summed up

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

// asks notes how much time is left for one who finds no free permit.
func (s *supply) asks(left int64) {
	s.asked++
	s.left += float64(left) / float64(time.Second)
}

// leaves is what of the rate the levels above leave, never less than their floor.
func (s *supply) leaves(rate float64, level int) float64 {
	left := rate
	for _, taken := range s.rates[level+1:] {
		left -= taken
	}
	return max(left, rate/floorEvery)
}

// impatience is the channel that tells when the waiter's patience ends; nil if it
// waits as long as its deadline lets it. The timer is the waiter's own and is
// used again with the lease.
func (l *lease) impatience(c *Controller) <-chan time.Time {
	if l.until == never {
		return nil
	}
	left := time.Duration(l.until - c.now())
	if l.timer == nil {
		l.timer = time.NewTimer(left)
	} else {
		l.timer.Reset(left)
	}
	return l.timer.C
}

// calm stops the timer.
func (l *lease) calm() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

// left is how much time the waiter has, ns.
func (l *lease) left(now int64) int64 {
	if l.deadline == never {
		return int64(withoutDeadline)
	}
	return l.deadline - now
}
