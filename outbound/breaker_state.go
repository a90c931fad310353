package outbound

// BreakerState says what a dependency's breaker lets through.
type BreakerState uint8

// The states of a breaker.
const (
	BreakerClosed   BreakerState = iota // every call
	BreakerHalfOpen                     // some, to find out whether the dependency is back
	BreakerOpen                         // none, until it is time for the next probe
	breakerStates
)

var breakerStateNames = [breakerStates]string{"closed", "half-open", "open"}

// String names the state for logs and metrics.
func (s BreakerState) String() string {
	if s < breakerStates {
		return breakerStateNames[s]
	}
	return "unknown"
}
