package outbound

import (
	"runtime"

	"github.com/plimsoll-go/plimsoll/admission"
)

// A service takes on 64 requests for each processor where it is not told otherwise (package admission). As many calls to
// one dependency as half of that may be under way or wait, so that one which hangs leaves the other half for what does
// not need it.
const (
	callsPerProcessor   = 24
	waitersPerProcessor = 8
	waitersShare        = 4 // of MaxConns, where that is set: as many may wait,
	waitersLeast        = 8 // but at least so many
)

// bulkheadOf is the admission to one destination.
func (c Config) bulkheadOf() admission.Config {
	b := admission.Config{Mode: c.Bulkhead, CPU: admission.Unwatched, Memory: admission.Unwatched}
	switch {
	case c.Bulkhead != "":
	case c.MaxConns == Unlimited:
		b.Mode = admission.Off
	case c.MaxConns > 0:
		b.Limit, b.Queue = c.MaxConns, max(waitersLeast, c.MaxConns/waitersShare)
	default:
		processors := runtime.GOMAXPROCS(0)
		b.Limit, b.Queue = callsPerProcessor*processors, waitersPerProcessor*processors
	}
	return b
}

// permitOutcome tells the bulkhead how an attempt ended.
func permitOutcome(o outcome) admission.Outcome {
	switch o {
	case answered:
		return admission.Success
	case slow, spent:
		return admission.Late
	case gone:
		return admission.Canceled
	case refused, limited, hopeless, failed, unsent, stale, lost, broken, faulty, outcomes:
	}
	return admission.Failed
}
