package main

import (
	"context"

	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"

	"github.com/plimsoll-go/plimsoll/route"
)

// aegis is Kratos' BBR limiter. It looks only while the processor is busy, which
// virtual time has none of: with its gate as shipped it lets everybody in and
// equals nothing. Here the gate stands open, which is its best case for work that
// waits.
type aegis struct{ limiter *bbr.BBR }

func newAegis(scenario) limiter {
	return aegis{bbr.NewLimiter(bbr.WithCPUThreshold(0))}
}

func (a aegis) enter(context.Context, route.Criticality, uint64) func(ending) {
	done, err := a.limiter.Allow()
	if err != nil {
		return nil
	}
	return func(ending) { done(ratelimit.DoneInfo{}) }
}
