package outbound

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// attempt is one sending of a request, with its answer's body. It is the context of what it sends: all of it is one
// allocation. It is never used twice.
type attempt struct {
	context.Context // of its own; ends with the attempt
	cancel          context.CancelCauseFunc

	call    *call
	number  int // of this call, from 0
	began   time.Time
	out     http.Request
	sending sending
	answer  answer
	values  [3]string // of headers

	alarm  *alarm
	ticket ticket
	permit admission.Permit
	charge budget.Entry
	span   telemetry.Call
	seen   bool // by span
	ways   int  // how often net/http has looked for the way to the dependency

	judged atomic.Bool // what it was worth is known to the destination

	patience time.Time // when another attempt is thought of; zero: never

	mu      sync.Mutex
	phase   phase
	hedged  bool        // when it wakes next, another one may be sent beside it
	rival   chan result // of that one; nil: there is none
	second  *attempt    // that one, once it is sent
	lost    bool        // nobody waits for it
	prepaid bool        // it was cut for a repetition that the retry budget has paid
	final   bool        // its end is the end of the call
}

// phase is how far an attempt has come.
type phase uint8

const (
	waiting phase = iota // for the head of an answer
	headed               // the answer is being read
	ended
)

// attemptKey finds an attempt in the context of the request that it sends.
type attemptKey struct{}

// Value implements [context.Context].
func (a *attempt) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return a
	}
	return a.Context.Value(key)
}

// Deadline implements [context.Context]: the one that what is sent is derived from.
func (a *attempt) Deadline() (time.Time, bool) { return a.call.wire, true }

// attempt makes the next attempt, whose time begins now.
func (c *call) attempt(number int, now time.Time) *attempt {
	a := &c.first
	if number > 0 {
		a = &attempt{}
	}
	a.call, a.number, a.began = c, number, now
	a.Context, a.cancel = context.WithCancelCause(c.request.Context())
	a.charge = c.charge.AttemptAt(number, now)
	wake, left := c.deadline, c.deadline.Sub(now)
	if c.safe && !c.policy.once && !c.policy.probe && c.body.possible() && c.inbound < mostInbound {
		clock := c.transport.clock(now)
		s := c.destination.latency.summary(clock)
		a.patience = now.Add(patience(left, s.p50, s.p999))
		wake = a.patience
		if after, ok := c.hedgeAfter(number, clock, s); ok && now.Add(after).Before(wake) {
			a.hedged, wake = true, now.Add(after)
		}
	}
	a.mu.Lock() // it may go off at once
	defer a.mu.Unlock()
	a.alarm = c.transport.alarms.set(a, wake.Sub(now))
	return a
}

// send sends the request and waits for the head of the answer.
func (a *attempt) send() result {
	c, t := a.call, a.call.transport
	body, err := c.body.next()
	if err != nil {
		return a.fail(faulty, err)
	}
	header := make(http.Header, len(c.request.Header)+4) // the caller's must not be changed
	maps.Copy(header, c.request.Header)
	ctx := context.Context(a)
	if observer := t.telemetry; observer != nil && !c.policy.probe {
		ctx, a.seen = a.span.Start(ctx, observer, c.request, t.config.Name), true
		a.span.Resend(a.number)
	}
	budget.Hop{Network: c.destination.network, Attempt: a.number, Values: &a.values}.Forward(a, header)
	telemetry.Inject(ctx, header)
	t.authorize(c.request.URL, header)
	a.out = *c.request.WithContext(ctx)
	a.out.Header, a.out.Body = header, nil
	if body != nil {
		a.sending.ReadCloser = body
		a.out.Body = &a.sending
	}
	res, err := t.net.RoundTrip(&a.out)
	return a.received(res, err)
}

// received takes what net/http returned.
func (a *attempt) received(res *http.Response, err error) result {
	c, t := a.call, a.call.transport
	if better, ok := a.against(err == nil && outcomeOfAnswer(res) == answered); ok {
		if err == nil {
			_ = res.Body.Close()
		}
		now := time.Now()
		c.destination.latency.observe(t.clock(now), now.Sub(a.began)) // at least
		_ = a.fail(gone, errOutrun)
		return better
	}
	if err == nil && !a.head() { // it ended in the moment in which the head came
		_ = res.Body.Close()
		err = context.Cause(a.Context)
	}
	if err != nil {
		outcome := outcomeOfError(context.Cause(a.Context), err)
		if own := a.sending.failure(); own != nil && outcome != slow && outcome != spent {
			outcome, err = faulty, own
		}
		return a.fail(outcome, err)
	}
	if err := t.acceptable(c.request, res); err != nil {
		_ = res.Body.Close() // the connection is given up with it
		return a.fail(broken, err)
	}
	now := time.Now()
	r := result{attempt: a, response: res, outcome: outcomeOfAnswer(res), pushback: pushbackOf(res.Header, now)}
	c.destination.heard(a, r, now)
	res.Request = c.request
	a.answer = answer{attempt: a, src: res.Body, limit: t.config.MaxResponse, status: res.StatusCode}
	res.Body = &a.answer
	return r
}

// head says that the head of the answer is there, unless the attempt has ended.
func (a *attempt) head() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Context.Err() != nil {
		return false
	}
	a.phase = headed
	return true
}

// fail ends the attempt without an answer.
func (a *attempt) fail(o outcome, err error) result {
	c := a.call
	if o != faulty {
		c.destination.heard(a, result{attempt: a, outcome: o}, time.Now())
	}
	err = c.transport.failure(c.request, o, context.Cause(a.Context), err)
	a.end(0, err, o)
	return result{attempt: a, err: err, outcome: o}
}

// wake is called when the attempt's patience or the call's time is over.
func (a *attempt) wake() {
	c := a.call
	now := time.Now()
	left := c.deadline.Sub(now)
	a.mu.Lock()
	switch {
	case a.phase == ended:
		a.mu.Unlock()
	case left <= 0:
		a.cancel(c.cause)
		unread := a.phase == headed
		a.mu.Unlock()
		if unread { // perhaps nobody does
			a.end(a.answer.status, c.transport.failure(c.request, spent, c.cause, c.cause), spent)
		}
	case a.phase == waiting && a.lost:
		a.cancel(errOutrun)
		a.mu.Unlock()
	case a.phase == waiting && a.hedged:
		a.hedged = false
		a.hedgeLocked()
		a.alarm.timer.Reset(a.patience.Sub(now))
		a.mu.Unlock()
	case a.phase == waiting && a.rival == nil && !a.patience.IsZero() && c.cut():
		a.prepaid = true
		a.cancel(errSlow)
		a.mu.Unlock()
	default:
		a.alarm.timer.Reset(left)
		a.mu.Unlock()
	}
}

// cut says that another attempt can be made instead, and has paid for it.
func (c *call) cut() bool {
	_, v := decide(c.situation(c.sent-1, slow))
	return v == again && c.pay(slow)
}

// end ends the attempt, once, and tells everyone who counts.
func (a *attempt) end(status int, err error, o outcome) {
	a.mu.Lock()
	if a.phase == ended {
		a.mu.Unlock()
		return
	}
	a.phase = ended
	final := a.final
	a.mu.Unlock()
	c, now := a.call, time.Now()
	c.transport.alarms.stop(a.alarm)
	a.cancel(nil)
	c.destination.ended(a, o, now)
	if a.seen {
		a.span.End(status, err)
	}
	a.charge.EndAt(err, now)
	if final {
		c.charge.EndAt(err, now)
	}
}

// last says that the end of the attempt is the end of its call.
func (a *attempt) last() {
	a.mu.Lock()
	over := a.phase == ended
	a.final = true
	a.mu.Unlock()
	if over {
		a.call.charge.End(nil)
	}
}

// authorize adds the credentials where they belong and the caller has set none.
func (t *transport) authorize(u *url.URL, header http.Header) {
	if _, set := header["Authorization"]; t.authorization != "" && !set && sameOrigin(u, t.base) {
		header["Authorization"] = []string{t.authorization}
	}
}
