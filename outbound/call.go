package outbound

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// policy is what a call asks for beyond the configuration of its dependency.
type policy struct {
	probe    bool // it asks about the dependency: sent once, whatever is known, and not counted
	once     bool // it is not sent again
	optional bool // the caller goes on without it, and needs time for that
}

// call is one call: its attempts, one after another, inside its time.
type call struct {
	transport   *transport
	destination *destination
	request     *http.Request // the caller's, which is not changed
	policy      policy

	begun    time.Time
	deadline time.Time // when it ends; what is left less the reserve
	cause    error     // of that end
	wire     time.Time // when the caller's own time ends, which is what the dependency's is derived from

	class   route.Criticality
	inbound int // how often a caller above had tried before
	safe    bool
	body    replay
	sent    int // attempts so far
	refused int // of them, by the dependency
	charge  budget.Entry

	first attempt
}

// result is what an attempt came to: an answer or an error, never both.
type result struct {
	attempt  *attempt
	response *http.Response
	err      error
	outcome  outcome
	pushback pushback
	held     bool // as far as it is short, the answer is in memory
}

// errTimeout is the cause of a call's end at the dependency's own limit.
var errTimeout = fmt.Errorf("no answer within the dependency's timeout: %w", context.DeadlineExceeded)

// optionalShare is the part of the time that is left which a call may have that the caller can do without.
const optionalShare = 2

// begin gives the call its deadline, or refuses it when there is no time for it.
func (c *call) begin() error {
	t, parent, now := c.transport, c.request.Context(), time.Now()
	if t.fault != nil {
		return t.misconfigured()
	}
	if cause := context.Cause(parent); cause != nil {
		return t.notBegun(c.request, cause)
	}
	c.begun = now
	c.destination = t.destinations.find(c.request.URL.Host)
	own := t.config.Timeout
	wire, limited := parent.Deadline()
	left := max(0, wire.Sub(now))
	if limited && c.policy.optional {
		left /= optionalShare
		wire = now.Add(left)
	}
	hop := budget.Hop{Network: c.destination.network}
	share := hop.Share(left)
	left -= budget.Reserve(left)
	switch {
	case limited && share < time.Millisecond: // what rounds to 0 on the wire would be refused there
		return t.notBegun(c.request, budget.ErrExceeded)
	case limited && (own == 0 || left <= own):
		c.deadline, c.cause, c.wire = now.Add(left), budget.ErrExceeded, wire
	default:
		own = cmp.Or(own, DefaultTimeout)
		c.deadline, c.cause = now.Add(own), errTimeout
		c.wire = c.deadline
	}
	if !c.policy.probe {
		c.class, c.inbound = budget.Class(parent), budget.Attempt(parent)
		c.charge = budget.ChargeAt(parent, budget.Dependency, t.config.Name, now)
	}
	return c.open()
}

// open looks at what is to be sent.
func (c *call) open() (err error) {
	c.safe = safeMethod(c.request.Method) || keyed(c.request.Header)
	c.body, err = replayOf(c.request)
	if err != nil {
		err = c.transport.failure(c.request, faulty, nil, err)
		c.charge.End(err)
	}
	return err
}

// run makes attempts until one stands. What it returns is the last that the dependency itself had to say: an answer, or
// an error that was one.
func (c *call) run() (*http.Response, error) {
	var last result
	for {
		c.sent++
		a, err := c.admit(c.sent - 1)
		switch {
		case err != nil && c.sent == 1:
			c.body.close()
			c.charge.End(err)
			return nil, err
		case err != nil:
			return c.give(last)
		}
		last.discard()
		last = a.send()
		if last.outcome == refused {
			c.refused++
		}
		pause, repeat := c.again(last)
		if !repeat || !c.sleep(pause, &last) {
			return c.give(last)
		}
	}
}

// give returns a result to the caller, whose reading of it is the rest of the call.
func (c *call) give(r result) (*http.Response, error) {
	if r.err != nil {
		c.charge.End(r.err)
		return nil, r.err
	}
	r.attempt.last()
	return r.response, nil
}

// again decides whether to send the request again, and pays for it.
func (c *call) again(r result) (time.Duration, bool) {
	d := c.destination
	if r.outcome.final() {
		d.counts.decided(settled)
		return 0, false
	}
	s := c.situation(c.sent-1, r.outcome)
	s.pushback = r.pushback
	pause, v := decide(s)
	if v == again && !r.attempt.prepaid && !c.pay(r.outcome) {
		v = noRetries
	}
	d.counts.decided(v)
	return pause, v == again
}

// pay takes one repetition out of the retry budget. One for a request of which nothing was written, on a connection that
// had gone, costs the dependency nothing.
func (c *call) pay(o outcome) bool {
	if o == stale && !c.safe {
		return true
	}
	return c.destination.retries.take(c.transport.clock(time.Now()))
}

func (c *call) situation(attempt int, o outcome) situation {
	most := c.transport.config.Attempts
	if c.policy.once || c.policy.probe {
		most = 1
	}
	return situation{
		outcome: o, safe: c.safe, replayable: c.body.possible(),
		attempt: attempt, most: most, inbound: c.inbound, refused: c.refused,
		left: time.Until(c.deadline), typical: c.destination.typical(c.transport.clock(time.Now())), random: random(),
	}
}

// sleep waits before the next attempt. The answer that may yet be returned keeps nothing busy meanwhile.
func (c *call) sleep(pause time.Duration, r *result) bool {
	if pause <= 0 {
		return true
	}
	r.hold()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.request.Context().Done():
		return false
	}
}
