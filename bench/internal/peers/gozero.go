package peers

import (
	"context"

	"github.com/zeromicro/go-zero/core/load"

	"github.com/plimsoll-go/plimsoll/route"
)

// Gozero is go-zero's adaptive shedder. The processor's use, by this machine's
// clock, is its gate and scales its limit as well.
type Gozero struct{ shedder load.Shedder }

// NewGozero makes one.
func NewGozero(gate Gate) Gozero {
	load.DisableLog()
	if gate == Open {
		return Gozero{load.NewAdaptiveShedder(load.WithCpuThreshold(0))}
	}
	return Gozero{load.NewAdaptiveShedder()}
}

// Enter is its Allow.
func (g Gozero) Enter(context.Context, route.Criticality, uint64) func(bool) {
	promise, err := g.shedder.Allow()
	if err != nil {
		return nil
	}
	return func(inTime bool) {
		if inTime {
			promise.Pass()
		} else {
			promise.Fail()
		}
	}
}
