package main

import (
	"context"

	"github.com/zeromicro/go-zero/core/load"

	"github.com/plimsoll-go/plimsoll/route"
)

// gozero is go-zero's adaptive shedder. Its gate is the processor's use as well,
// and stands open here; the same figure scales its limit, and is this machine's.
type gozero struct{ shedder load.Shedder }

func newGozero(scenario) limiter {
	load.DisableLog()
	return gozero{load.NewAdaptiveShedder(load.WithCpuThreshold(0))}
}

func (g gozero) enter(context.Context, route.Criticality, uint64) func(ending) {
	promise, err := g.shedder.Allow()
	if err != nil {
		return nil
	}
	return func(e ending) {
		if e == inTime {
			promise.Pass()
		} else {
			promise.Fail()
		}
	}
}
