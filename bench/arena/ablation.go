package main

import (
	"context"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// ablations are the controller with one part taken away, to see what the part is
// worth. They run only when named.
func ablations() []contender {
	adaptive := admission.Config{Mode: admission.Adaptive}
	queueless := admission.Config{Mode: admission.Adaptive, Queue: admission.NoQueue}
	return []contender{
		{"no-queue", newPlimsoll(queueless)},
		{"not-adaptive", newPlimsoll(admission.Config{Mode: admission.Fixed})}, // its default limit
		{"no-classes", func(s scenario) limiter { return alike{newPlimsoll(adaptive)(s)} }},
		{"no-tenants", func(s scenario) limiter { return anonymous{newPlimsoll(adaptive)(s)} }},
	}
}

// alike takes all for one class.
type alike struct{ limiter }

func (a alike) enter(ctx context.Context, _ route.Criticality, tenant uint64) func(ending) {
	return a.limiter.enter(ctx, route.Critical, tenant)
}

// anonymous takes all for one tenant.
type anonymous struct{ limiter }

func (a anonymous) enter(ctx context.Context, class route.Criticality, _ uint64) func(ending) {
	return a.limiter.enter(ctx, class, 0)
}
