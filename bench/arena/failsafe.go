package main

import (
	"context"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/priority"

	"github.com/plimsoll-go/plimsoll/route"
)

// failsafe is failsafe-go's adaptive limiter with its defaults, which refuse
// what finds no permit.
type failsafe struct {
	limiter adaptivelimiter.AdaptiveLimiter[any]
}

func newFailsafe(scenario) limiter {
	return failsafe{adaptivelimiter.NewWithDefaults[any]()}
}

func (f failsafe) enter(context.Context, route.Criticality, uint64) func(ending) {
	permit, ok := f.limiter.TryAcquirePermit()
	if !ok {
		return nil
	}
	return func(ending) { permit.Record() }
}

// failsafePriority is failsafe-go's adaptive limiter with its queue (2 and 3
// times the limit, as its documentation shows) and its priorities. Its prioritizer
// has to be calibrated from outside; once a second is what its scheduled
// calibration is documented with.
type failsafePriority struct {
	limiter     adaptivelimiter.PriorityLimiter[any]
	prioritizer priority.Prioritizer
}

func newFailsafePriority(s scenario) limiter {
	prioritizer := adaptivelimiter.NewPrioritizer()
	every(calibration, s.length(), prioritizer.Calibrate)
	return failsafePriority{
		limiter:     adaptivelimiter.NewBuilder[any]().WithQueueing(2, 3).BuildPrioritized(prioritizer),
		prioritizer: prioritizer,
	}
}

func (f failsafePriority) enter(ctx context.Context, class route.Criticality, _ uint64) func(ending) {
	level := priority.Low + priority.Priority(class-route.Sheddable)
	permit, err := f.limiter.AcquirePermitWithPriority(ctx, level)
	if err != nil {
		return nil
	}
	return func(ending) { permit.Record() }
}
