package admission

import "math"

// keep holds the limit where one more permit just stops paying. It alternates
// between a limit and one above it; each window is compared with the one before,
// so whatever changes slowly changes both alike.
type keep struct {
	base float64 // the lower of the two limits
	high bool    // which one is in force

	limit    float64 // in force during the last window; 0: there was none
	rate     float64 // of the last window
	count    float64 // completions in it
	expected float64 // rate, for the length of the next window
	spread   float64 // the most that was seen lately
	slope    float64 // of log rate over log limit, smoothed
	flat     float64 // comparisons in a row that showed no gain
}

// forget is for when windows in between did not count.
func (k *keep) forget() { k.limit = 0 }

// needed is how many completions a window should have.
func (k *keep) needed() float64 { return enough + enoughSpread*math.Min(k.spread, 3) }

// compared takes in a window under the limit in force.
func (p *plan) compared(w window) {
	k := &p.keep
	rate, last := w.rate(), k.limit
	if last > 0 && rate < collapse*k.rate && w.ended() >= enough/2 {
		p.again(rate)
		return
	}
	if last > 0 && last != p.limit && k.rate > 0 && rate > 0 {
		slope := clamp(math.Log(rate/k.rate)/math.Log(p.limit/last), -1, 1)
		k.slope += 0.5 * (slope - k.slope)
		k.learn(math.Min(1, math.Min(w.useful, k.count)/k.needed()))
	}
	k.limit, k.rate, k.count, k.expected = p.limit, rate, w.useful, rate
	k.spread = math.Max(0.95*k.spread, w.spread)
	k.high = !k.high
	p.limit = k.base
	if k.high {
		p.limit = math.Max(k.base*stride, k.base+1)
	}
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
		step *= 1 + math.Min(k.flat, 12)/4
	}
	k.base = clamp(k.base*math.Exp(clamp(step, -0.4, 0.5)), leastLimit, mostLimit)
}
