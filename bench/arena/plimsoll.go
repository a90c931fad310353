package main

import (
	"context"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// plimsoll is admission.Controller as a service has it.
type plimsoll struct{ controller *admission.Controller }

func newPlimsoll(cfg admission.Config) func(scenario) limiter {
	return func(scenario) limiter {
		c, err := admission.New(cfg)
		if err != nil {
			panic(err) // the configurations are constants
		}
		return plimsoll{c}
	}
}

func (p plimsoll) enter(ctx context.Context, class route.Criticality, tenant uint64) func(ending) {
	permit, err := p.controller.AcquireFor(ctx, class, tenant)
	if err != nil {
		return nil
	}
	return func(e ending) {
		if e == inTime {
			permit.Release(admission.Success)
		} else {
			permit.Release(admission.Late)
		}
	}
}
