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
	usual  float64 // completions a second before something seemed to change; 0: nothing did
}

const (
	pays    = 1.25 // times the rate, for twice the limit
	plain   = 1.6  // times the rate: so much is seen in half the time
	costs   = 0.9  // times the rate, for half of it
	steeply = 0.65 // times the rate, for half of the limit: all of it was needed
	spare   = 1.1  // over what the search says
)

// searchable says whether enough was counted to take the next step.
func (p *plan) searchable(w window) bool {
	s := p.search
	needed := glimpse * (1 + math.Min(p.keep.spread, 8))
	switch {
	case s.doubt:
		needed *= 2
	case s.usual > 0:
	case s.factor > 1 && s.rate == 0: // a mistake here costs one step
		needed *= 0.35
	case s.factor > 1 && w.rate() >= plain*s.rate:
		needed *= 0.5
	}
	slow := w.ended() >= glimpse/2 && w.seconds >= math.Max(4*p.hold, longest.Seconds()/2)
	return w.seconds >= p.hold/2 && (w.ended() >= needed || slow)
}

// searched takes in a window; false: the window is to go on.
func (p *plan) searched(w window) bool {
	s := p.search
	rate := w.rate()
	if s.usual > 0 {
		if same(w.total(), s.usual) { // a pause, no change
			p.hand(p.keep.base)
			return true
		}
		s.usual = 0
	}
	if s.rate == 0 {
		s.rate, s.from = rate, p.limit
		p.limit *= s.factor
		return true
	}
	good := rate >= pays*s.rate
	if s.factor < 1 {
		// What ends late was served too: it says what the backend can do.
		rate = w.total()
		good = rate >= costs*s.rate
	}
	switch {
	case s.factor < 1 && rate > leap*s.rate: // fewer permits cannot do that: a trouble is over
		p.search = &search{factor: 2, rate: rate, from: p.limit}
		p.limit *= 2
	case good:
		s.doubt, s.turned = false, true // a search that got anywhere does not turn
		s.rate, s.from = rate, p.limit
		if p.limit *= s.factor; p.limit < leastLimit || p.limit > mostLimit {
			p.hand(s.from)
		}
	case !s.doubt:
		s.doubt = true
		return false
	case s.factor > 1 && !s.turned:
		// Twice the limit gave nothing: it may have been too high before.
		*s = search{factor: 0.5, rate: max(s.rate, rate), from: s.from, turned: true}
		p.limit = s.from / 2
	case s.factor > 1:
		p.hand(s.from * clamp(rate/s.rate, 1, 2) * spare)
	case rate < steeply*s.rate:
		// As much is lost as was taken: the limit before was no more than enough,
		// and what was measured there was the short work that ends first.
		p.waste = waste{tolerated: w.share()} // nor was it the limit that made work late
		p.search = &search{factor: 2, rate: rate, from: p.limit, turned: true}
		p.limit *= 2
	default:
		p.hand(p.limit * clamp(s.rate/math.Max(rate, 1e-9), 1, 2) * spare)
	}
	return true
}

// again starts a search from the limit in force, after something seemed to
// change. The first window tells whether it did.
func (p *plan) again() {
	p.search = &search{factor: 2, usual: p.keep.total}
}

// same says whether the completions a second are still about as usual.
func same(total, usual float64) bool { return total >= collapse*usual && total <= leap*usual }

// forget starts the comparison anew: what was measured is of another time.
func (s *search) forget() {
	if s != nil {
		s.rate, s.doubt = 0, false
	}
}
