package admission

import "math"

// keep holds the limit where one more permit just stops paying. It alternates
// between a limit and one above it; each window is compared with the one before,
// so whatever changes slowly changes both alike. What was learned is averaged, each
// comparison weighted by how much chance there is in it.
type keep struct {
	base float64 // the lower of the two limits
	high bool    // which one is in force

	limit  float64 // in force during the last window; 0: there was none
	rate   float64 // of the last window
	count  float64 // useful completions in it
	total  float64 // completions a second in it, useful or not; 0: there was none
	ended  float64 // completions in it
	spread float64 // the most that was seen lately
	look   reading // where the present stretch of the window began
	slopes float64 // of log rate over log limit: the sum, weighted
	weight float64 // the sum of the weights: 1 over the variance
	flat   float64 // comparisons in a row that showed no gain
}

const (
	fades      = 0.8  // of what was learned, for each comparison
	supposed   = 0.15 // the slope before anything is known
	assurance  = 4.0  // the weight of that
	affordable = 0.25 // of the time left: so long may a permit be held without further reason
	expensive  = 1.5  // times what is beyond: what a gain has to be
	dearest    = 0.6  // and at most; what the work itself takes is not to be saved
	upwards    = 2.0  // times the step: a limit that is too low costs more
	hopeful    = 0.3  // the step where nothing is known and a permit is held for next to nothing
	cheapest   = 0.04 // where a permit is held for next to nothing
)

// forget is for when windows in between did not count.
func (k *keep) forget() { k.limit, k.total = 0, 0 }

// broken says whether completions have all but stopped in the midst of a window,
// which is not to be waited for. It looks at one stretch after another, each long
// enough that chance does not do that.
func (k *keep) broken(now reading, hold float64) bool {
	w := now.since(k.look)
	expected := k.total * w.seconds
	if expected < glimpse*(1+k.spread) || w.seconds < hold/2 {
		return false
	}
	k.look = now
	return w.ended() < abrupt*expected && w.limited()
}

// needed is how many completions a window should have.
func (k *keep) needed() float64 { return enough + enoughSpread*math.Min(k.spread, 6) }

// compared takes in a window under the limit in force.
func (p *plan) compared(w window) {
	k := &p.keep
	rate, last := w.rate(), k.limit
	total := w.total()
	if k.total > 0 && !same(total, k.total) && k.beyond(total/k.total, w.ended(), k.ended, 3) {
		p.again()
		return
	}
	if last > 0 && last != p.limit {
		k.note(k.slopeTo(w, p.limit), math.Log(p.limit/last), doubt(k.spread, w.useful, k.count))
		if mean := k.slopes / k.weight; mean > steep && !p.without.has(longSearch) && mean*math.Sqrt(k.weight) > 2 {
			limit, rate := math.Max(p.limit, last), math.Max(rate, k.rate)
			p.search = &search{rate: rate, count: w.useful, from: limit, turned: true}
			p.limit = limit
			p.raise(w)
			return
		}
		k.learn(w.used())
	}
	k.limit, k.rate, k.count, k.total, k.ended = p.limit, rate, w.useful, total, w.ended()
	k.high = !k.high
	p.limit = k.base
	if k.high {
		p.limit = math.Max(k.base*stride, k.base+1)
	}
}

// beyond says whether a ratio of two counts is more than so many standard
// deviations away from 1.
func (k *keep) beyond(ratio, count, other, deviations float64) bool {
	log := math.Log(math.Max(ratio, 1e-9))
	return log*log > deviations*deviations*doubt(k.spread, count, other)
}

// slopeTo is how much the rate changed from the last window to this one under the
// limit, as the power of the limit that it grew by. 0: not known.
func (k *keep) slopeTo(w window, limit float64) float64 {
	if k.limit == 0 || k.limit == limit || k.rate == 0 || w.useful == 0 {
		return 0
	}
	return clamp(math.Log(w.rate()/k.rate)/math.Log(limit/k.limit), -2, 2)
}

// note takes in a slope that was measured over a distance of the logarithm, with
// the variance of the ratio of the rates.
func (k *keep) note(slope, distance, variance float64) {
	weight := distance * distance / variance
	k.slopes = fades*k.slopes + weight*slope
	k.weight = fades*k.weight + weight
}

// worth is the gain, as a power of the limit, below which permits are not worth
// their wait, given the share of the time left that they are held for.
func worth(used float64) float64 {
	switch {
	case used <= 0:
		return worthwhile
	case used < affordable:
		return math.Max(worthwhile*used/affordable, cheapest)
	default:
		return math.Min(worthwhile+expensive*(used-affordable), dearest)
	}
}

// learn moves the base by what the slopes say, as far as they can be believed.
func (k *keep) learn(used float64) {
	slope := (k.slopes + assurance*supposed) / (k.weight + assurance)
	if slope < worthwhile {
		k.flat++
	} else {
		k.flat = 0
	}
	step := gain * (slope - worth(used))
	if used > 0 {
		step += hopeful * assurance / (k.weight + assurance) * clamp(1-2*used/affordable, 0, 1)
	}
	if step > 0 {
		step *= upwards
	}
	if step < 0 {
		step *= clamp(k.flat/3-1, 1, 3)
	}
	k.base = clamp(k.base*math.Exp(clamp(step, -0.4, 0.5)), leastLimit, mostLimit)
}
