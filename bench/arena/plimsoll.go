package main

import (
	"context"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
	"github.com/plimsoll-go/plimsoll/route"
)

// plimsoll is admission.Controller as a service has it, but for what the runtime
// says: that is of this machine's time, not of the scenario's.
type plimsoll struct{ controller *admission.Controller }

func newPlimsoll(cfg admission.Config) func(scenario) peers.Limiter {
	cfg.CPU, cfg.Memory = admission.Unwatched, admission.Unwatched
	return func(scenario) peers.Limiter {
		c, err := admission.New(cfg)
		if err != nil {
			panic(err) // the configurations are constants
		}
		return plimsoll{c}
	}
}

func (p plimsoll) Enter(ctx context.Context, class route.Criticality, tenant uint64) func(bool) {
	permit, err := p.controller.AcquireFor(ctx, class, tenant)
	if err != nil {
		return nil
	}
	return func(inTime bool) {
		if inTime {
			permit.Release(admission.Success)
		} else {
			permit.Release(admission.Late)
		}
	}
}

// Limit is the limit in force.
func (p plimsoll) Limit() int { return p.controller.Snapshot().Limit }
