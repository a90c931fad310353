package admission

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// The adaptive limit is found by experiment: the limit is set to one value, then
// to a higher one, and the useful work done in a second is compared. While more
// permits mean more useful work the limit is too low; while they mean nothing it
// may come down. There is no idea of what latency ought to be, so nothing drifts
// in a long overload, and a service that merely becomes slower or faster is
// measured afresh. Work that ends too late is not useful, so a limit that costs
// deadlines shows as well.
//
// The steps are taken by whoever passes by when one is due; there is no
// goroutine. An experiment counts only while the limit is what holds work back.
type limiter struct {
	due atomic.Int64 // when to take the next step, on the controller's clock; never: not adaptive

	breaker breaker

	mu   sync.Mutex // TryLock: whoever finds another at it goes on
	plan plan
}

// window is what was counted between two moments.
type window struct {
	seconds float64
	useful  float64 // work that ended well and in time
	wasted  float64 // work that ended too late, or that nobody waited for any more
	hold    float64 // how long a permit was held on average, seconds; 0: nothing ended
	spread  float64 // the squared coefficient of variation of that, for useful work
	pressed float64 // what met a limit: waited, or was refused for it
	left    float64 // how much time callers who met the limit had left on average, seconds; 0: not known
}

// rate is the useful work in a second.
func (w window) rate() float64 { return w.useful / w.seconds }

// ended is all work that came to an end and is worth counting.
func (w window) ended() float64 { return w.useful + w.wasted }

// total is all completions in a second.
func (w window) total() float64 { return w.ended() / w.seconds }

// inside is how many permits were out on average (Little's law).
func (w window) inside() float64 { return w.total() * w.hold }

// limited says whether the limit was what held work back.
func (w window) limited() bool { return w.pressed > pressing*w.ended() }

// reading is the state of all counters at a moment.
type reading struct {
	at                      int64
	useful, wasted, pressed uint64
	ended, held             float64 // of every hold time: count, sum in seconds
	heldWell, squares       float64 // of those of useful work: sum, sum of squares
	asked, left             float64 // of those who met the limit: count, and the time left, in seconds
}

func (r reading) since(before reading) window {
	w := window{
		seconds: max(float64(r.at-before.at)/float64(time.Second), 1e-9),
		useful:  float64(r.useful - before.useful),
		wasted:  float64(r.wasted - before.wasted),
		pressed: float64(r.pressed - before.pressed),
	}
	if n := r.ended - before.ended; n > 0 {
		w.hold = (r.held - before.held) / n
	}
	// What was caught in a standstill of the backend tells nothing of how much
	// work differs.
	if mean := (r.heldWell - before.heldWell) / max(w.useful, 1); mean > 0 {
		w.spread = max(0, (r.squares-before.squares)/w.useful/(mean*mean)-1)
	}
	if n := r.asked - before.asked; n > 0 {
		w.left = (r.left - before.left) / n
	}
	return w
}

// used is the share of the time left that a permit is held for; 0: not known.
func (w window) used() float64 {
	if w.left <= 0 {
		return 0
	}
	return w.hold / w.left
}

// doubt is how far the counts of two windows may be apart by chance, as the
// variance of the logarithm of their ratio.
func doubt(spread, count, other float64) float64 {
	return (1 + 2*math.Min(spread, 8)) * (1/math.Max(count, 1) + 1/math.Max(other, 1))
}

// read takes a reading.
func (c *Controller) read(now int64) reading {
	r := reading{at: now, wasted: c.ended[Late].Load() + c.ended[Canceled].Load()}
	for kind := range c.estimate.counts {
		for b := range buckets {
			n := c.estimate.counts[kind][b].Load()
			if n == 0 {
				continue
			}
			d := middle(b) / float64(time.Second)
			r.ended += float64(n)
			r.held += float64(n) * d
			if kind == 0 {
				r.useful += n
				r.heldWell += float64(n) * d
				r.squares += float64(n) * d * d
			}
		}
	}
	for _, reason := range []Reason{QueueFull, Evicted, TooLong, HotCPU} {
		for level := range levels {
			r.pressed += c.refused[reason][level].Load()
		}
	}
	c.mu.Lock()
	r.pressed += c.waiting.grants
	r.asked, r.left = c.supply.asked, c.supply.left
	c.mu.Unlock()
	return r
}

// adapt takes the next step of the plan.
func (c *Controller) adapt(now int64) {
	l := &c.limiter
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	if now < l.due.Load() {
		return
	}
	r := c.read(now)
	if !l.plan.without.has(probesOnly) && l.breaker.judge(r, l.plan.limit) {
		if !l.breaker.open.Load() {
			l.plan.restart(r)
		}
		c.resize(l.plan.now(), now)
		if l.breaker.open.Load() {
			c.dropAll()
		}
	}
	if l.breaker.open.Load() {
		l.due.Store(now + int64(unknownPause))
		return
	}
	limit, pause := l.plan.step(r)
	l.due.Store(now + int64(pause))
	c.resize(limit, now)
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }
