package peers

import (
	"context"
	"math"

	"github.com/plimsoll-go/plimsoll/route"
)

// Fixed is the limit that somebody would set who knows the backend: one and a
// half times its slots, and nobody waits.
type Fixed chan struct{}

// NewFixed makes the limit for a backend with so many slots.
func NewFixed(slots int) Fixed { return make(Fixed, int(math.Ceil(1.5*float64(slots)))) }

// Enter takes one of its permits, if there is one.
func (f Fixed) Enter(context.Context, route.Criticality, uint64) func(bool) {
	select {
	case f <- struct{}{}:
		return func(bool) { <-f }
	default:
		return nil
	}
}
