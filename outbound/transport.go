package outbound

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Transport is the transport of a [Client] for use with an [net/http.Client] of one's own, which should have no
// Timeout: this one does better. It panics if the configuration is not valid.
//
// An [net/http.Client] follows redirects and puts the URL into its errors; set CheckRedirect, and keep credentials out
// of queries.
func Transport(c Config) http.RoundTripper { return newTransport(c.withDefaults(), c.Telemetry) }

// transport bounds and marks each call. It may be used by many goroutines.
type transport struct {
	config        Config // with defaults
	base          *url.URL
	authorization string // for base's origin; empty: none
	telemetry     *telemetry.Telemetry
	net           *http.Transport
}

func newTransport(c Config, t *telemetry.Telemetry) *transport {
	out := &transport{config: c, base: c.URL.Parsed(), telemetry: t, net: connections(c)}
	switch {
	case !c.Bearer.IsZero():
		out.authorization = "Bearer " + c.Bearer.Reveal()
	case out.base.User != nil:
		password, _ := out.base.User.Password()
		basic := http.Request{Header: http.Header{}}
		basic.SetBasicAuth(out.base.User.Username(), password)
		out.authorization = basic.Header.Get("Authorization")
	}
	out.base.User = nil
	return out
}

// RoundTrip implements [net/http.RoundTripper]. Its errors are [*problem.Error].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.attempt(r, t.telemetry)
}

// CloseIdleConnections is what [net/http.Client] looks for.
func (t *transport) CloseIdleConnections() { t.net.CloseIdleConnections() }

// attempt sends the request once, observed by someone or by nobody. The body of the answer ends the call.
func (t *transport) attempt(r *http.Request, observer *telemetry.Telemetry) (*http.Response, error) {
	ctx, cancel, err := t.bound(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as RoundTripper demands; nothing was read
		}
		return nil, err
	}
	end := func(int, error) { cancel() }
	if observer != nil {
		var call *telemetry.Call
		ctx, call = observer.StartClient(ctx, r, t.config.Name)
		end = func(status int, err error) { cancel(); call.End(status, err) }
	}
	res, err := t.net.RoundTrip(t.outgoing(ctx, r))
	if err != nil {
		err = t.failure(ctx, r, err)
		end(0, err)
		return nil, err
	}
	res.Request = r
	if err := t.acceptable(r, res); err != nil {
		end(res.StatusCode, err)
		_ = res.Body.Close() // the connection is given up with it
		return nil, err
	}
	res.Body = &answer{src: res.Body, limit: t.config.MaxResponse, status: res.StatusCode, end: end,
		fail: func(err error) error { return t.failure(ctx, r, err) }}
	return res, nil
}

// errTimeout is the cause of a call's end that had no deadline from its caller.
var errTimeout = fmt.Errorf("no answer within the dependency's timeout: %w", context.DeadlineExceeded)

// bound gives the call its deadline, or refuses it when there is no time for it. The least time is what is rounded to
// a millisecond on the wire: the dependency would refuse a budget of 0.
func (t *transport) bound(r *http.Request) (context.Context, context.CancelFunc, error) {
	parent := r.Context()
	if cause := context.Cause(parent); cause != nil {
		return nil, nil, t.notBegun(r, cause)
	}
	left, limited := budget.Remaining(parent)
	if !limited {
		ctx, cancel := context.WithTimeoutCause(parent, t.config.Timeout, errTimeout)
		return ctx, cancel, nil
	}
	left -= reserve(left)
	if left < time.Millisecond {
		return nil, nil, t.notBegun(r, budget.ErrExceeded)
	}
	ctx, cancel := context.WithTimeoutCause(parent, left, budget.ErrExceeded)
	return ctx, cancel, nil
}

// reserve is what this hop keeps of the time that is left, the same that budget.Forward takes off on the wire.
func reserve(left time.Duration) time.Duration { return max(time.Millisecond, left/50) }

// outgoing is the request that leaves: the caller's, which must not be changed, with this hop's headers. The budget on
// the wire is made from the caller's deadline, so that the reserve is taken once.
func (t *transport) outgoing(ctx context.Context, r *http.Request) *http.Request {
	out := r.WithContext(ctx)
	out.Header = make(http.Header, len(r.Header)+4)
	maps.Copy(out.Header, r.Header)
	deadline := r.Context()
	if _, limited := deadline.Deadline(); !limited {
		deadline = ctx
	}
	budget.Forward(deadline, out.Header)
	telemetry.Inject(ctx, out.Header)
	if t.authorization != "" && out.Header.Get("Authorization") == "" && sameOrigin(r.URL, t.base) {
		out.Header["Authorization"] = []string{t.authorization}
	}
	return out
}

var errSwitch = errors.New("the dependency switches protocols, which this transport does not follow")

// acceptable refuses an answer by its head.
func (t *transport) acceptable(r *http.Request, res *http.Response) error {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return t.failure(r.Context(), r, errSwitch)
	case r.Method != http.MethodHead && res.ContentLength > t.config.MaxResponse:
		return t.failure(r.Context(), r, tooLarge(t.config.MaxResponse))
	}
	return nil
}
