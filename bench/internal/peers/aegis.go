package peers

import (
	"context"

	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"

	"github.com/plimsoll-go/plimsoll/route"
)

// Aegis is Kratos' BBR limiter.
type Aegis struct{ limiter *bbr.BBR }

// NewAegis makes one.
func NewAegis(gate Gate) Aegis {
	if gate == Open {
		return Aegis{bbr.NewLimiter(bbr.WithCPUThreshold(0))}
	}
	return Aegis{bbr.NewLimiter()}
}

// Enter is its Allow.
func (a Aegis) Enter(context.Context, route.Criticality, uint64) func(bool) {
	done, err := a.limiter.Allow()
	if err != nil {
		return nil
	}
	return func(bool) { done(ratelimit.DoneInfo{}) }
}
