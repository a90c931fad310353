package admission

import "math"

// A search finds the range of the limit by doubling it for as long as that pays,
// and where it does not pay at once, by halving it for as long as that costs
// nothing. It is how a service starts, and what follows a change that a few
// small steps would take too long to follow.
type search struct {
	factor float64 // the last step: more than 1 up, ½ down
	rate   float64 // at the limit before; 0: not measured yet
	count  float64 // useful completions that it was measured by
	from   float64 // the limit before
	quick  bool    // nothing is known yet, and steps are long
	doubt  bool    // the last comparison failed, and is made once more with a longer window
	turned bool
	usual  float64 // completions a second before something seemed to change; 0: nothing did
}

const (
	startBy  = 4    // times the limit, while nothing is known
	cheap    = 0.15 // of the time left: so long may a permit be held while a search goes up
	dear     = 0.35 // of the time left: where a permit is held for so long a search goes down
	mostUsed = 0.5  // of the time left: what a step up may come to if it gives nothing
	plainly  = 0.85 // the gain, as a power of the limit, that calls for another long step
	pays     = 0.32 // the gain, as a power of the limit, that calls for another step
	plain    = 1.6  // times the rate: so much is seen in half the time
	costs    = 0.9  // times the rate, for half of it
	steeply  = 0.65 // times the rate, for half of the limit: all of it was needed
	spare    = 1.1  // over what the search says
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

// start takes in the first work that ended while the limit held something back.
func (p *plan) start(w window) {
	p.starting = false
	s := p.search
	// As many as the limit are under way, and this is how long they took.
	s.rate, s.from, s.count = math.Max(w.ended(), p.limit)/w.seconds*w.useful/w.ended(), p.limit, w.useful
	s.quick = true
	p.raise(w)
}

// will is the share of the time left that a permit is going to be held for, at
// the present rate and so many times the limit (Little's law): it takes a while
// until that shows. 0: not known.
func (w window) will(limit float64) float64 {
	if w.left <= 0 {
		return 0
	}
	return math.Max(w.hold, limit/w.total()) / w.left
}

// cheap says that a permit is held for so little of the time left that a limit
// which is too high costs nothing.
func (p *plan) cheap(w window) bool {
	used := w.will(p.limit)
	return used > 0 && used < cheap
}

// searched takes in a window; false: the window is to go on.
func (p *plan) searched(w window) bool {
	s := p.search
	if s.usual > 0 {
		if same(w.total(), s.usual) { // a pause, no change
			p.search, p.limit, p.keep.high = nil, p.keep.base, false
			p.keep.forget()
			return true
		}
		s.usual = 0
	}
	switch {
	case s.rate == 0 && w.will(p.limit) > dear:
		s.rate, s.count, s.factor, s.from = w.total(), w.ended(), 0.5, p.limit
		p.limit /= 2
		return true
	case s.rate == 0:
		s.rate, s.count, s.from = w.rate(), w.useful, p.limit
		p.raise(w)
		return true
	case s.factor > 1:
		return p.raised(w)
	default:
		return p.lowered(w)
	}
}

// raise takes a step up, no further than what is late at worst, if it gives
// nothing.
func (p *plan) raise(w window) {
	s := p.search
	s.factor = 2
	if s.quick {
		s.factor = startBy
	}
	if used := w.will(p.limit); used > 0 {
		s.factor = clamp(mostUsed/used, stride, s.factor)
	}
	p.limit *= s.factor
}

// raised takes in a window after a step up.
func (p *plan) raised(w window) bool {
	s := p.search
	rate := w.rate()
	power, chance := pays, math.Sqrt(doubt(p.keep.spread, w.useful, s.count))
	if s.quick {
		power = plainly
	}
	grew, expected := math.Log(math.Max(rate/s.rate, 1e-9)), power*math.Log(s.factor)
	good := grew >= math.Max(expected, chance) || p.cheap(w) && grew >= expected-2*chance
	switch {
	case good:
		s.doubt, s.turned = false, true // a search that got anywhere does not turn
		s.rate, s.from, s.count = rate, p.limit, w.useful
		p.raise(w)
		if p.limit > mostLimit {
			p.hand(s.from)
		}
	case s.quick && grew >= pays*math.Log(s.factor):
		p.hand(s.from * clamp(rate/s.rate, 1, s.factor) * spare)
	case !s.doubt:
		s.doubt = true
		return false
	case !s.turned:
		// More of the limit gave nothing: it may have been too high before.
		*s = search{factor: 0.5, rate: max(s.rate, rate), from: s.from, turned: true}
		p.limit = s.from / 2
	default:
		p.hand(s.from * clamp(rate/s.rate, 1, s.factor) * spare)
	}
	return true
}

// lowered takes in a window after a step down. What ends late was served too: it
// says what the backend can do.
func (p *plan) lowered(w window) bool {
	s := p.search
	rate := w.total()
	switch {
	case rate > leap*s.rate: // fewer permits cannot do that: a trouble is over
		p.search = &search{rate: rate, count: w.ended(), from: p.limit}
		p.raise(w)
	case rate >= costs*s.rate && p.limit > leastLimit && !(w.will(p.limit) > 0 && w.will(p.limit) < affordable):
		s.doubt, s.turned = false, true
		s.rate, s.from = rate, p.limit
		p.limit = math.Max(p.limit*s.factor, leastLimit)
	case rate >= costs*s.rate:
		p.hand(p.limit)
	case !s.doubt:
		s.doubt = true
		return false
	case rate < steeply*s.rate:
		// As much is lost as was taken: the limit before was no more than enough,
		// and what was measured there was the short work that ends first.
		p.search = &search{rate: rate, count: w.ended(), from: p.limit, turned: true}
		p.raise(w)
	default:
		p.hand(p.limit * clamp(s.rate/math.Max(rate, 1e-9), 1, 2) * spare)
	}
	return true
}

// again starts a search from the limit in force, after something seemed to
// change. The first window tells whether it did.
func (p *plan) again() {
	if p.without.has(longSearch) {
		p.hand(p.limit)
		return
	}
	p.search = &search{factor: 2, usual: p.keep.total}
}

// same says whether the completions a second are still about as usual.
func same(total, usual float64) bool { return total >= collapse*usual && total <= leap*usual }

// forget starts the comparison anew: what was measured is of another time.
func (s *search) forget() {
	if s != nil {
		s.rate, s.doubt, s.quick, s.factor = 0, false, false, 2
	}
}
