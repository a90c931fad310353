package admission

import "math"

// A search finds the range of the limit by doubling it for as long as that pays,
// and where it does not pay at once, by halving it for as long as that costs
// nothing. It is how a service starts, and what follows a change that a few
// small steps would take too long to follow.
type search struct {
	factor float64 // 2 up, ½ down
	rate   float64 // at the limit before; 0: not measured yet
	from   float64 // the limit before
	doubt  bool    // the last comparison failed, and is made once more with a longer window
	turned bool
}

const (
	pays  = 1.25 // times the rate, for twice the limit
	costs = 0.9  // times the rate, for half of it
	spare = 1.1  // over what the search says
)

// searched takes in a window; it says whether the window is to go on.
func (p *plan) searched(w window) bool {
	s := p.search
	rate := w.rate()
	if s.rate == 0 {
		s.rate, s.from = rate, p.limit
		p.limit *= s.factor
		return false
	}
	good := rate >= pays*s.rate
	if s.factor < 1 {
		good = rate >= costs*s.rate
	}
	switch {
	case good:
		s.doubt, s.turned = false, true // a search that got anywhere does not turn
		s.rate, s.from = rate, p.limit
		if p.limit *= s.factor; p.limit < leastLimit || p.limit > mostLimit {
			p.hand(s.from, rate)
		}
	case !s.doubt:
		s.doubt = true
		return true
	case s.factor > 1 && !s.turned:
		// Twice the limit gave nothing: it may have been too high before.
		*s = search{factor: 0.5, rate: max(s.rate, rate), from: s.from, turned: true}
		p.limit = s.from / 2
	case s.factor > 1:
		p.hand(s.from*clamp(rate/s.rate, 1, 2)*spare, rate)
	default:
		p.hand(p.limit*clamp(s.rate/math.Max(rate, 1e-9), 1, 2)*spare, rate)
	}
	return false
}

// again starts a search from the limit in force, at which the rate is known.
func (p *plan) again(rate float64) {
	p.search = &search{factor: 2, rate: rate, from: p.limit}
	p.limit *= 2
}
