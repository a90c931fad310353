package outbound

import (
	"cmp"
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
	header := make(http.Header, len(r.Header)+4) // the caller's must not be changed
	maps.Copy(header, r.Header)
	ctx, cancel, err := t.bound(r, header)
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
	t.mark(ctx, r, header)
	out := r.WithContext(ctx)
	out.Header = header
	res, err := t.net.RoundTrip(out)
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

// errTimeout is the cause of a call's end at the dependency's own limit.
var errTimeout = fmt.Errorf("no answer within the dependency's timeout: %w", context.DeadlineExceeded)

// bound gives the call its deadline and puts it into the header, or refuses the call when there is no time for it. The
// reserve of this hop, 1 ms or 2 %, is taken once: budget.Forward takes the same off what it is given. The least time
// is what rounds to a millisecond on the wire, since a budget of 0 would be refused there.
func (t *transport) bound(r *http.Request, header http.Header) (context.Context, context.CancelFunc, error) {
	parent, own := r.Context(), t.config.Timeout
	if cause := context.Cause(parent); cause != nil {
		return nil, nil, t.notBegun(r, cause)
	}
	left, limited := budget.Remaining(parent)
	share := budget.Hop{}.Share(left)
	left -= budget.Reserve(left)
	switch {
	case limited && share < time.Millisecond:
		return nil, nil, t.notBegun(r, budget.ErrExceeded)
	case limited && (own == 0 || left <= own):
		budget.Forward(parent, header)
		ctx, cancel := context.WithTimeoutCause(parent, left, budget.ErrExceeded)
		return ctx, cancel, nil
	}
	ctx, cancel := context.WithTimeoutCause(parent, cmp.Or(own, DefaultTimeout), errTimeout)
	budget.Forward(ctx, header)
	return ctx, cancel, nil
}

// mark adds the trace, and the credentials where they belong and the caller has set none.
func (t *transport) mark(ctx context.Context, r *http.Request, header http.Header) {
	telemetry.Inject(ctx, header)
	if _, set := header["Authorization"]; t.authorization != "" && !set && sameOrigin(r.URL, t.base) {
		header["Authorization"] = []string{t.authorization}
	}
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
