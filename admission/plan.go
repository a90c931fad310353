package admission

import (
	"math"
	"time"
)

// Constants of the experiments. They were chosen on the named scenarios of
// bench/arena and are the same for every service.
const (
	firstLimit   = 16      // before anything is known
	leastLimit   = 2       // one at work, one at hand
	mostLimit    = 1 << 16 // what an experiment may try
	pressing     = 0.2     // of what ended: so much has to meet the limit for an experiment to count
	few          = 8       // completions without which nothing is concluded
	enough       = 80      // completions that make a difference of one step readable, if all work is alike
	enoughSpread = 800     // and so many more at a spread of 1
	settles      = 1.25    // times the mean hold, until nothing of the last limit shows
	stride       = 1.3     // how far apart the two limits of an experiment are
	worthwhile   = 0.1     // the gain, as a power of the limit, below which permits are not worth their wait
	gain         = 0.3     // of the step by what was learned
	collapse     = 0.6     // of the last rate: what falls below is another service now
	shortest     = 5 * time.Millisecond
	longest      = time.Second
	unknownPause = 10 * time.Millisecond
)

// plan decides what to try next. It knows nothing of locks and clocks: a reading
// goes in, a limit and a pause come out.
type plan struct {
	limit    float64 // in force
	settling bool    // the limit is new; what ends now began under the one before
	mark     reading // where the present window began
	hold     float64 // seconds, of the last window
	search   *search // nil: holding
	keep     keep
	waste    waste
}

func newPlan(limit float64) plan {
	return plan{limit: limit, settling: true, search: &search{factor: 2}}
}

// step takes in what was counted until now.
func (p *plan) step(now reading) (limit int, pause time.Duration) {
	w := now.since(p.mark)
	if w.hold > 0 {
		p.hold = w.hold
	}
	if p.settling {
		if w.ended() < few && p.hold == 0 {
			return p.now(), unknownPause
		}
		p.settling, p.mark = false, now
		return p.now(), p.span()
	}
	if w.ended() < few {
		return p.now(), p.span() // the window goes on
	}
	lower, retreat := p.waste.retreats(w, p.limit)
	switch {
	case retreat:
		p.hand(lower, w.rate())
	case !w.limited():
		p.mark = now
		p.keep.forget()
		return p.now(), p.span()
	case p.search != nil:
		if p.searched(w) {
			return p.now(), p.span()
		}
	default:
		p.compared(w)
	}
	p.limit = clamp(p.limit, leastLimit, mostLimit)
	p.settling, p.mark = true, now
	return p.now(), p.settle()
}

func (p *plan) now() int { return int(math.Round(p.limit)) }

// settle is how long what began under another limit still shows.
func (p *plan) settle() time.Duration { return between(p.hold*settles, shortest, longest) }

// span is how long a window lasts.
func (p *plan) span() time.Duration {
	if p.search != nil {
		return between(p.hold/2, shortest, longest)
	}
	return between(p.keep.needed()/p.keep.expected, 4*shortest, 2*longest)
}

func between(seconds float64, low, high time.Duration) time.Duration {
	if !(seconds > 0) { // nothing known
		return unknownPause
	}
	return time.Duration(clamp(seconds*float64(time.Second), float64(low), float64(high)))
}

// hand ends a search and keeps near the limit from here on.
// The rate is what to expect there.
func (p *plan) hand(limit, rate float64) {
	p.search, p.limit = nil, limit
	p.keep = keep{base: limit, expected: rate, spread: p.keep.spread}
}
