package admission

import "math"

// keep holds the limit where one more permit just stops paying. It alternates
// between a limit and one above it; each window is compared with the one before,
// so whatever changes slowly changes both alike.
type keep struct {
	base float64 // the lower of the two limits
	high bool    // which one is in force

	limit  float64 // in force during the last window; 0: there was none
	rate   float64 // of the last window
	count  float64 // completions in it
	total  float64 // completions a second in it, useful or not; 0: there was none
	spread float64 // the most that was seen lately
	look   reading // where the present stretch of the window began
	slope  float64 // of log rate over log limit, smoothed
	flat   float64 // comparisons in a row that showed no gain
}

// forget is for when windows in between did not count.
func (k *keep) forget() { k.limit, k.total = 0, 0 }

// broken says whether completions have all but stopped in the midst of a window,
// which is not to be waited for. It looks at one stretch after another, each long
// enough that chance does not do that.
func (k *keep) broken(now reading) bool {
	w := now.since(k.look)
	expected := k.total * w.seconds
	if expected < glimpse*(1+k.spread) {
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
	if k.total > 0 && !same(total, k.total) {
		p.again()
		return
	}
	if last > 0 && last != p.limit {
		slope := k.slopeTo(w, p.limit)
		if slope > steep && k.slope > steep/2 {
			limit, rate := math.Max(p.limit, last), math.Max(rate, k.rate)
			p.search = &search{factor: 2, rate: rate, from: limit, turned: true}
			p.limit = 2 * limit
			return
		}
		k.slope += 0.5 * (slope - k.slope)
		k.learn(math.Min(1, math.Min(w.useful, k.count)/k.needed()))
	}
	k.limit, k.rate, k.count, k.total = p.limit, rate, w.useful, total
	k.high = !k.high
	p.limit = k.base
	if k.high {
		p.limit = math.Max(k.base*stride, k.base+1)
	}
}

// slopeTo is how much the rate changed from the last window to this one under the
// limit, as the power of the limit that it grew by. 0: not known.
func (k *keep) slopeTo(w window, limit float64) float64 {
	if k.limit == 0 || k.limit == limit || k.rate == 0 || w.useful == 0 {
		return 0
	}
	return clamp(math.Log(w.rate()/k.rate)/math.Log(limit/k.limit), -1, 1)
}

// learn moves the base by what the slope says, as far as it can be believed.
func (k *keep) learn(belief float64) {
	if k.slope < worthwhile {
		k.flat++
	} else {
		k.flat = 0
	}
	step := gain * belief * (k.slope - worthwhile)
	if step < 0 {
		step *= clamp(k.flat/3-1, 1, 3)
	}
	k.base = clamp(k.base*math.Exp(clamp(step, -0.4, 0.5)), leastLimit, mostLimit)
}
