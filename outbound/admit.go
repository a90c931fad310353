package outbound

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/route"
)

// ErrRefused is in the chain of the error of a call that this client itself has not sent, to protect the dependency or
// the service. ErrNotExecuted is there too. Elsewhere or later it may pass.
var ErrRefused = errors.New("the call was held back")

// refusal is why an attempt is held back.
type refusal uint8

// The refusals.
const (
	byThrottle refusal = iota // the dependency refuses many; some are not sent to it
	byBreaker                 // it does not answer; few are sent, to find out when it does
	byBulkhead                // as many as may be are under way, and as many wait
	byTime                    // what is left is less than any call lately took
	refusals
)

var refusalNames = [refusals]string{"throttle", "breaker", "bulkhead", "time"}

// String names the refusal for metrics and logs.
func (r refusal) String() string {
	if r < refusals {
		return refusalNames[r]
	}
	return "unknown"
}

const detailHeld = "a dependency is not called at present"

// retryHeld is when to come back, in seconds: what holds calls back lets some through again within one.
const retryHeld = "1"

// held is the failure of a call that is held back.
func (c *call) held(r refusal) error {
	cause := &notExecutedError{fmt.Errorf("%w by the %v", ErrRefused, r)}
	err := c.transport.wrap(problem.Unavailable, detailHeld, c.request, cause)
	return problem.From(err).WithHeader(headerRetryAfter, retryHeld)
}

// admit makes the next attempt, once everything that may hold it back lets it through. It may wait in the bulkhead's
// queue. The throttle is asked first: a probe that the breaker lets through should be sent.
func (c *call) admit(number int) (*attempt, error) {
	d, now := c.destination, c.begun
	if number > 0 {
		now = time.Now()
	}
	if c.policy.probe {
		return c.attempt(number, now), nil
	}
	clock := c.transport.clock(now)
	if d.throttling && !d.throttle.allow(clock, c.class == route.CriticalPlus, random()) {
		return nil, c.refuse(byThrottle)
	}
	var passed ticket
	if d.breaking {
		t, ok := d.breaker.allow(clock)
		if !ok {
			return nil, c.refuse(byBreaker)
		}
		passed = t
	}
	a := c.attempt(number, now)
	a.ticket = passed
	permit, err := d.bulkhead.Acquire(a, c.class)
	if err != nil {
		return nil, a.turnedAway(err)
	}
	a.permit = permit
	if waited := permit.Waited(); waited > 0 {
		a.began = now.Add(waited)
	}
	return a, nil
}

func (c *call) refuse(r refusal) error {
	c.destination.counts.refusals[r].Add(1)
	return c.held(r)
}

// turnedAway ends an attempt that got no permit, and says why.
func (a *attempt) turnedAway(err error) error {
	c, cause := a.call, context.Cause(a.Context)
	a.judged.Store(true) // it says nothing about the dependency
	switch {
	case errors.Is(err, admission.ErrShed):
		err = c.refuse(byBulkhead)
	case cause == nil: // doomed
		c.destination.counts.refusals[byTime].Add(1)
		err = c.transport.notBegun(c.request, c.cause)
	default:
		err = c.transport.notBegun(c.request, cause)
	}
	a.end(0, err, gone)
	return err
}
