package main

import (
	"context"
	"math"

	"github.com/plimsoll-go/plimsoll/route"
)

// fixed is the limit that somebody would set who knows the backend: one and a
// half times its slots, and nobody waits.
type fixed chan struct{}

func newFixed(s scenario) limiter {
	return make(fixed, int(math.Ceil(1.5*float64(s.slots))))
}

func (f fixed) enter(context.Context, route.Criticality, uint64) func(ending) {
	select {
	case f <- struct{}{}:
		return func(ending) { <-f }
	default:
		return nil
	}
}
