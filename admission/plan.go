package admission

import (
	"cmp"
	"math"
	"time"
)

// Constants of the experiments. They were chosen on the named scenarios of
// bench/arena and are the same for every service.
const (
	firstLimit   = 10 // before anything is known
	leastLimit   = 1
	mostLimit    = 1 << 16 // what an experiment may try
	pressing     = 0.2     // of what ended: so much has to meet the limit for an experiment to count
	few          = 8       // completions without which nothing is concluded
	glimpse      = 30      // completions that show what doubling the limit does
	enough       = 100     // completions that make a difference of one step readable, if all work is alike
	enoughSpread = 400     // and so many more at a spread of 1
	fills        = 8       // times the mean hold, until a higher limit is full if it is going to be
	settles      = 1.25    // times the mean hold, until nothing of the last limit shows
	stride       = 1.3     // how far apart the two limits of an experiment are
	worthwhile   = 0.06    // the gain, as a power of the limit, below which permits are not worth their wait
	steep        = 0.65    // a gain that calls for more than small steps
	gain         = 0.3     // of the step by what was learned
	abrupt       = 0.45    // of the last rate, for a stretch of a window
	collapse     = 0.6     // of the last rate: what falls below is another service now
	leap         = 1.8     // and what rises above
	shortest     = 5 * time.Millisecond
	longest      = 2 * time.Second
	slowest      = time.Minute
	glance       = 50 * time.Millisecond // between looks at a window that goes on
	unknownPause = 10 * time.Millisecond
)

// plan decides what to try next. It knows nothing of locks and clocks: a reading
// goes in, a limit and a pause come out.
type plan struct {
	limit    float64 // in force
	settling bool    // the limit is new; what ends now began under the one before
	stale    float64 // how many permits were out when it was set, at most
	mark     reading // where the present window began
	hold     float64 // seconds, of the last window
	idle     int64   // since when the limit has held nothing back; 0: it does
	starting bool    // nothing is known yet
	search   *search // nil: holding
	keep     keep
	without  part // left out, in comparisons
}

func newPlan(limit float64) plan {
	return plan{limit: limit, starting: true, search: &search{factor: 2}}
}

// step takes in what was counted until now.
func (p *plan) step(now reading) (limit int, pause time.Duration) {
	w := now.since(p.mark)
	if p.without.has(timeLeft) {
		w.left = 0
	}
	if w.hold > 0 && !p.settling {
		p.hold = w.hold
		p.keep.spread = math.Max(w.spread, p.keep.spread)
	}
	switch {
	case p.starting && (w.ended() < few || !w.limited()):
		if w.ended() >= few {
			p.begin(now)
		}
	case p.starting:
		p.start(w)
		p.settling, p.mark = true, now
	case p.settling:
		if w.ended() >= math.Max(few, p.stale) || p.hold > 0 && w.seconds >= p.settle().Seconds() {
			p.begin(now)
		}
	case p.search == nil && p.keep.broken(now, p.hold):
		p.again()
		p.settling, p.mark = true, now // a pause is over by then
	case w.ended() < few || w.limited() && !p.readable(w):
		// The window goes on.
	case !w.limited():
		p.rest(now)
	case p.idle > 0: // the window began while nothing was held back
		p.resume(now)
	case p.concluded(w):
		p.limit = clamp(p.limit, leastLimit, mostLimit)
		p.settling, p.mark = true, now
	}
	if p.settling {
		p.hold = cmp.Or(p.hold, w.hold)
		return p.now(), min(p.settle(), glance)
	}
	return p.now(), p.wait(w)
}

// restart begins anew with half the limit, after a time in which nothing was of
// use: the limit may have been why.
func (p *plan) restart(now reading) {
	p.hand(math.Max(p.limit/2, leastLimit))
	p.settling, p.mark, p.idle = true, now, 0
	if !p.without.has(longSearch) {
		p.search = &search{factor: 2}
	}
}

// readable says whether enough was counted to draw a conclusion.
func (p *plan) readable(w window) bool {
	if p.search != nil {
		return p.searchable(w)
	}
	needed := p.keep.needed()
	if p.keep.slopeTo(w, p.limit) > steep { // plain to see
		needed /= 4
	}
	return w.ended() >= needed && w.seconds >= p.hold || w.seconds >= math.Max(6*p.hold, longest.Seconds())
}

// begin starts a window.
func (p *plan) begin(now reading) {
	p.settling, p.mark, p.keep.look = false, now, now
	p.keep.spread *= 0.95
}

// rest is for a window in which the limit held nothing back.
func (p *plan) rest(now reading) {
	if p.idle == 0 {
		p.idle = p.mark.at
	}
	p.begin(now)
	p.keep.forget()
}

// resume is for when the limit holds something back again. What a search has
// measured still counts if that was only the time it took to fill a higher limit.
func (p *plan) resume(now reading) {
	if idle := float64(now.at-p.idle) / float64(time.Second); idle > math.Max(fills*p.hold, longest.Seconds()/2) {
		p.search.forget()
	}
	p.idle = 0
	p.begin(now)
}

// concluded ends a window and sets the next limit; false: the window goes on.
func (p *plan) concluded(w window) bool {
	p.stale = p.limit
	if p.search != nil {
		return p.searched(w)
	}
	p.compared(w)
	return true
}

func (p *plan) now() int { return int(math.Round(p.limit)) }

// settle is how long what began under another limit still shows.
func (p *plan) settle() time.Duration { return between(p.hold*settles, shortest, slowest) }

// wait is how long to wait before looking again, in the middle of a window.
func (p *plan) wait(w window) time.Duration {
	if p.idle > 0 {
		return glance
	}
	if p.search != nil {
		return between(p.hold/8, shortest, glance)
	}
	return between((p.keep.needed()-w.ended())*w.seconds/w.ended(), shortest, glance)
}

func between(seconds float64, low, high time.Duration) time.Duration {
	if !(seconds > 0) { // nothing known
		return low
	}
	return time.Duration(clamp(seconds*float64(time.Second), float64(low), float64(high)))
}

// hand ends a search and keeps near the limit from here on.
func (p *plan) hand(limit float64) {
	p.search, p.limit = nil, limit
	p.keep = keep{base: limit, spread: p.keep.spread}
}
