package outbound

import (
	"context"
	"errors"
	"net/http"

	"github.com/plimsoll-go/plimsoll/problem"
)

// Fallback says what to do instead when the dependency fails: f is given the failure, fills in what the call would have,
// and returns nil, or an error that the call then returns. It runs when the dependency answered wrongly, late or not at
// all, or was not called to protect it; not when it answered a 4xx, which is an answer, nor when the caller's own time
// is over. The call has half of the time that is left, so that there is some to go on with.
func Fallback(f func(ctx context.Context, failure error) error) CallOption {
	return func(o *options) error {
		o.fallback, o.policy.optional = f, true
		return nil
	}
}

// Optional is a Fallback that does without: the call returns nil, and what it was to fill in stays as it was, unless an
// answer of another shape was begun to be read.
func Optional() CallOption {
	return Fallback(func(context.Context, error) error { return nil })
}

// degrade returns what a failed call comes to.
func (c *Client) degrade(ctx context.Context, o options, err error) error {
	if o.fallback == nil || ctx.Err() != nil || !dependencyFailed(err) {
		return err
	}
	c.transport.destinations.find(c.transport.base.Host).counts.degraded.Add(1)
	return o.fallback(ctx, err)
}

// dependencyFailed says that the error is a failure of the dependency, and neither its answer nor the caller's fault.
func dependencyFailed(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		switch status.Status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true
		}
		return status.Status < 400 || status.Status >= 500
	}
	switch problem.From(err).Kind { //nolint:exhaustive // the others are not made of a dependency's failure
	case problem.Upstream, problem.Deadline, problem.Unavailable:
		return true
	}
	return false
}
