package main

import (
	"context"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
	"github.com/plimsoll-go/plimsoll/route"
)

// ablations are the controller with one part taken away, to see what the part is
// worth. They run only when named.
func ablations() []contender {
	adaptive := admission.Config{Mode: admission.Adaptive}
	queueless := admission.Config{Mode: admission.Adaptive, Queue: admission.NoQueue}
	return append([]contender{
		{"no-queue", newPlimsoll(queueless)},
		{"not-adaptive", newPlimsoll(admission.Config{Mode: admission.Fixed})}, // its default limit
		{"no-classes", func(s scenario) peers.Limiter { return alike{newPlimsoll(adaptive)(s)} }},
		{"no-tenants", func(s scenario) peers.Limiter { return anonymous{newPlimsoll(adaptive)(s)} }},
	}, parts()...)
}

// alike takes all for one class.
type alike struct{ peers.Limiter }

func (a alike) Enter(ctx context.Context, _ route.Criticality, tenant uint64) func(bool) {
	return a.Limiter.Enter(ctx, route.Critical, tenant)
}

// anonymous takes all for one tenant.
type anonymous struct{ peers.Limiter }

func (a anonymous) Enter(ctx context.Context, class route.Criticality, _ uint64) func(bool) {
	return a.Limiter.Enter(ctx, class, 0)
}
