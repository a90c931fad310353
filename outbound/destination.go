package outbound

import (
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
)

// destination is what a transport knows of one host, and how it treats it.
type destination struct {
	retries    *retryBudget
	breaking   bool // the breaker is on
	breaker    breaker
	throttling bool // the throttle is on
	throttle   throttle
	hedging    hedging
	latency    latencies
	network    *budget.Network
	bulkhead   *admission.Controller
	http2      atomic.Bool // it spoke that
	counts     counts
}

// newDestination makes one of which nothing is known. The error is a fault of the configuration.
func (c Config) newDestination(clock int64) (*destination, error) {
	bulkhead, err := admission.New(c.bulkheadOf())
	if err != nil {
		return nil, err
	}
	return &destination{
		retries: newRetryBudget(clock), network: budget.NewNetwork(), bulkhead: bulkhead,
		breaking: c.Breaker != Off, throttling: c.Throttle != Off,
	}, nil
}

// typical is what an attempt takes at the median, with the way there and back; 0: not known.
func (d *destination) typical(clock int64) time.Duration { return d.latency.summary(clock).p50 }

// heard takes in what an attempt came to, once its head is there or never will be.
func (d *destination) heard(a *attempt, r result, now time.Time) {
	c := a.call
	if c.policy.probe {
		return
	}
	clock, took := c.transport.clock(now), now.Sub(a.began)
	switch r.outcome { //nolint:exhaustive // the others say nothing about how long the dependency's work takes
	case answered, slow, spent:
		d.latency.observe(clock, took)
	}
	if r.response != nil {
		d.http2.Store(r.response.ProtoMajor == 2)
		if app, queued, ok := budget.ServerTiming(r.response.Header); ok {
			d.network.Observe(now, took, app)
			if queued > 0 {
				d.hedging.pushback(clock, 0)
			}
		}
	}
	d.pushedBack(r, clock)
	if r.outcome != answered {
		d.judge(a, r.outcome, clock)
	}
}

// pushedBack takes in whether the dependency refused the attempt, and what it says about the next.
func (d *destination) pushedBack(r result, clock int64) {
	switch r.outcome { //nolint:exhaustive // the others say nothing about the load that the dependency takes
	case refused, limited:
		d.throttle.record(clock, false)
		d.hedging.pushback(clock, r.pushback.after)
	case answered, failed:
		d.throttle.record(clock, true)
	}
	if r.pushback.given {
		d.throttle.pushback(clock, r.pushback.after)
	}
}

// ended takes in how an attempt ended.
func (d *destination) ended(a *attempt, o outcome, now time.Time) {
	if a.call.policy.probe {
		return
	}
	a.permit.Release(permitOutcome(o))
	d.judge(a, o, a.call.transport.clock(now))
}

// judge says, once, what the attempt was worth.
func (d *destination) judge(a *attempt, o outcome, clock int64) {
	if !a.judged.CompareAndSwap(false, true) {
		return
	}
	d.counts.outcomes[o].Add(1)
	if o == gone || o == faulty {
		return
	}
	d.retries.settle(clock, a.number == 0 && a.call.inbound == 0, o.useful())
	if !d.breaking || o == stale {
		return
	}
	if o == spent && a.call.cause == budget.ErrExceeded && d.impatient(a, clock) { //nolint:errorlint // set by begin, never wrapped
		return
	}
	d.breaker.done(a.ticket, o.healthy(), clock)
}

// impatient says that an attempt had less time than the median takes: that it was late is not the dependency's fault.
func (d *destination) impatient(a *attempt, clock int64) bool {
	return a.call.deadline.Sub(a.began) < d.typical(clock)
}

// healthy says that a dependency which ends an attempt so is not down. One that refuses is up.
func (o outcome) healthy() bool {
	switch o {
	case answered, refused, limited, hopeless:
		return true
	case failed, unsent, stale, lost, slow, broken, spent, gone, faulty, outcomes:
	}
	return false
}
