package admission

import "math"

// waste watches for work that ends too late. Where there is much of it, less is
// let in; where that does not help, the work itself takes longer than its callers
// wait, which no limit mends, and the limit goes back to where it was.
type waste struct {
	tolerated float64 // share of late work that a lower limit did not cure
	before    float64 // the share when the last retreat was made; 0: none under way
	from      float64 // the limit when it began
	strikes   int     // retreats in a row that helped little
}

const (
	wasteful  = 0.12 // of what ended, over what is tolerated
	backward  = 0.75 // times the limit
	mostly    = 0.5  // of what ended: from there on, back by half
	cure      = 0.85 // times the share: what a retreat that helped leaves at most
	strikeOut = 4
	forgives  = 0.97 // times what is tolerated, each window
)

// share is how much of what ended was for nothing.
func (w window) share() float64 {
	if w.wasted < few/2 {
		return 0
	}
	return w.wasted / w.ended()
}

// surely is the share that chance does not explain.
func (w window) surely() float64 {
	share := w.share()
	return share - 2*math.Sqrt(share*(1-share)/math.Max(w.ended(), 1))
}

// much says that a window wastes more than is tolerated.
func (s *waste) much(w window) bool {
	return w.share() >= s.tolerated+wasteful && w.surely() >= s.tolerated+wasteful/2
}

// retreats says whether the window calls for a lower limit, given the one in
// force, and which. A limit that is higher again is the end of a retreat.
func (s *waste) retreats(w window, limit float64) (float64, bool) {
	share := w.share()
	s.tolerated *= forgives
	if !s.much(w) {
		s.before, s.strikes = 0, 0
		return 0, false
	}
	if s.before == 0 {
		s.from = limit
	} else if share > cure*s.before {
		s.strikes++
	}
	s.before = share
	switch {
	case s.strikes >= strikeOut || limit <= leastLimit && s.strikes > 0:
	case share > mostly:
		return limit / 2, true
	default:
		return limit * backward, true
	}
	from := s.from
	*s = waste{tolerated: share}
	return from, true
}
