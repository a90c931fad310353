package peers

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/priority"

	"github.com/plimsoll-go/plimsoll/route"
)

// Failsafe is failsafe-go's adaptive limiter with its defaults, which refuse
// what finds no permit.
type Failsafe struct {
	limiter adaptivelimiter.AdaptiveLimiter[any]
}

// NewFailsafe makes one.
func NewFailsafe() Failsafe {
	return Failsafe{adaptivelimiter.NewWithDefaults[any]()}
}

// Enter is its TryAcquirePermit.
func (f Failsafe) Enter(context.Context, route.Criticality, uint64) func(bool) {
	permit, ok := f.limiter.TryAcquirePermit()
	if !ok {
		return nil
	}
	return func(bool) { permit.Record() }
}

// FailsafePriority is failsafe-go's adaptive limiter with its queue (2 and 3
// times the limit, as its documentation shows) and its priorities.
type FailsafePriority struct {
	limiter     adaptivelimiter.PriorityLimiter[any]
	prioritizer priority.Prioritizer
}

// Calibration is how often Calibrate is to be called: what its scheduled
// calibration is documented with.
const Calibration = time.Second

// NewFailsafePriority makes one.
func NewFailsafePriority() FailsafePriority {
	prioritizer := adaptivelimiter.NewPrioritizer()
	return FailsafePriority{
		limiter:     adaptivelimiter.NewBuilder[any]().WithQueueing(2, 3).BuildPrioritized(prioritizer),
		prioritizer: prioritizer,
	}
}

// Calibrate finds out anew whom to refuse. It wants to be called from outside.
func (f FailsafePriority) Calibrate() { f.prioritizer.Calibrate() }

// Enter is its AcquirePermitWithPriority: it waits in the queue.
func (f FailsafePriority) Enter(ctx context.Context, class route.Criticality, _ uint64) func(bool) {
	level := priority.Low + priority.Priority(class-route.Sheddable)
	permit, err := f.limiter.AcquirePermitWithPriority(ctx, level)
	if err != nil {
		return nil
	}
	return func(bool) { permit.Record() }
}
