package admission

// part is a set of parts of the adaptive controller that are left out, to see what
// each is worth. It is empty but in comparisons.
type part uint8

const (
	doomedTest part = 1 << iota // refuses what cannot end in time
	longSearch                  // finds the range by long steps
	timeLeft                    // weighs how long permits are held against the time callers have
	probesOnly                  // lets nothing but probes through while nothing ends in time
)

func (p part) has(other part) bool { return p&other != 0 }
