package admission

import (
	"context"
	"errors"
	"net/http"
	"runtime"

	"github.com/plimsoll-go/plimsoll/route"
)

// Options are the knobs of Middleware.
type Options struct {
	// Class is the class of a request. It must not believe a header of a
	// caller outside the trust boundary. Nil: route.Critical for all.
	Class func(*http.Request) route.Criticality

	// Tenant tells callers apart, for fairness: any cheap hash, see
	// AcquireFor. Nil: all are alike.
	Tenant func(*http.Request) uint64

	// RetryAfter is the Retry-After of a refusal in seconds. Nil: the
	// controller's own.
	RetryAfter func() int
}

// Middleware puts a controller before any handler of a net/http server. It is for
// servers without the rest of Plimsoll, whose request chain has its own place
// for admission. A request has the deadline of its context, so it belongs inside
// whatever sets one.
//
// The permit is held until the handler returns, and ends as Failed on a 5xx or a
// panic. The handler keeps Flush, Hijack and http.ResponseController.
func Middleware(c *Controller, o Options) func(http.Handler) http.Handler {
	if o.RetryAfter == nil {
		o.RetryAfter = c.RetryAfter
	}
	if o.Class == nil {
		o.Class = func(*http.Request) route.Criticality { return route.Critical }
	}
	if o.Tenant == nil {
		o.Tenant = func(*http.Request) uint64 { return 0 }
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			permit, err := c.AcquireFor(r.Context(), o.Class(r), o.Tenant(r))
			if err != nil {
				Refuse(w, r, err, o.RetryAfter())
				return
			}
			// A handler that never blocks has no scheduling point between
			// here and its end: on a busy processor the others would wait in
			// the run queue, where no limit sees them.
			runtime.Gosched()
			serve(permit, next, w, r)
		})
	}
}

// serve runs the handler and gives the permit back, whatever it does.
func serve(p Permit, next http.Handler, w http.ResponseWriter, r *http.Request) {
	watched := &statusWriter{ResponseWriter: w}
	outcome := Failed // unless the handler returns
	defer func() { p.Release(outcome) }()
	next.ServeHTTP(watched.offering(), r)
	outcome = outcomeOf(r.Context(), watched.status)
}

func outcomeOf(ctx context.Context, status int) Outcome {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return Late
	case err != nil:
		return Canceled
	case status >= http.StatusInternalServerError:
		return Failed
	default:
		return Success
	}
}
