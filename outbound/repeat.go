package outbound

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// mostInbound is how often a caller above may have tried before this client tries only once: the budget of a whole
// chain is spent where the failure is, not at each hop above it.
const mostInbound = 2

// A pause before a repetition is drawn from all times up to a bound that doubles: "full jitter" of the AWS Architecture
// Blog, "Exponential Backoff And Jitter" (2015), in the range that Envoy has.
const (
	firstPause = 25 * time.Millisecond
	mostPause  = 250 * time.Millisecond
)

// safeMethod says that repeating a request has the effect of one (RFC 9110, section 9.2.2; QUERY is safe).
func safeMethod(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, "QUERY":
		return true
	}
	return false
}

// keyed says that the request has a key by which the dependency recognises a repetition.
func keyed(h http.Header) bool {
	return len(h["Idempotency-Key"]) > 0 || len(h["X-Idempotency-Key"]) > 0
}

// situation is what it depends on whether a request is sent again.
type situation struct {
	outcome  outcome
	pushback pushback

	safe       bool // the method or a key makes it so
	replayable bool // its body can be sent again

	attempt int // of this call, from 0
	most    int // attempts that a call may have
	inbound int // how often a caller above had tried before
	refused int // times that this call was refused by the dependency, this one included

	left    time.Duration // of the call's time
	typical time.Duration // what an attempt takes, with the network; 0: not known
	random  float64       // from 0 to below 1
}

// verdict is what is decided about a repetition.
type verdict uint8

// The verdicts, with the reason where there is none. Whether the retry budget has one left is asked last.
const (
	again     verdict = iota
	settled           // there is nothing to repeat
	unsafe            // it may have taken effect, and could again
	forbidden         // the dependency said so, or one of its refusals is enough
	exhausted         // all attempts were made, here or above
	bodyGone          // the request's body can be read once only
	noTime            // it could not end in time
	noRetries         // the retry budget is spent
	verdicts
)

var verdictNames = [verdicts]string{"again", "settled", "unsafe", "forbidden", "exhausted", "body", "time", "budget"}

// String names the verdict for metrics.
func (v verdict) String() string {
	if v < verdicts {
		return verdictNames[v]
	}
	return "unknown"
}

// decide says whether to send the request again, and after what pause.
func decide(s situation) (time.Duration, verdict) {
	switch {
	case s.outcome.final():
		return 0, settled
	case !s.outcome.notExecuted() && !s.safe:
		return 0, unsafe
	case s.pushback.noRetry, s.outcome == limited && !s.pushback.given, s.refused > 1:
		return 0, forbidden
	case s.attempt+1 >= s.most, s.inbound >= mostInbound:
		return 0, exhausted
	case !s.replayable:
		return 0, bodyGone
	}
	pause := s.pause()
	if s.left <= pause+max(s.typical, time.Millisecond) {
		return 0, noTime
	}
	return pause, again
}

// final says that no repetition would end otherwise, or that nobody waits for it.
func (o outcome) final() bool {
	switch o {
	case refused, limited, failed, unsent, stale, lost, slow:
		return false
	case answered, hopeless, broken, spent, gone, faulty, outcomes:
	}
	return true
}

// notExecuted says that the request certainly took no effect. One that died with a kept-alive connection is among them:
// net/http would send it again only if nothing of it was written or it is safe, see [transport.proxy].
func (o outcome) notExecuted() bool {
	return o == refused || o == limited || o == unsent || o == stale
}

// pause is how long to wait. A first refusal, or a connection that had gone, says nothing against another instance now.
func (s situation) pause() time.Duration {
	switch {
	case s.pushback.given && s.pushback.after > 0:
		return s.pushback.after + jitter(firstPause, s.random)
	case s.outcome == stale, s.outcome == refused:
		return 0
	}
	return jitter(min(firstPause<<min(s.attempt, 8), mostPause), s.random)
}

func jitter(most time.Duration, random float64) time.Duration {
	return time.Duration(random * float64(most))
}

func random() float64 { return rand.Float64() }
