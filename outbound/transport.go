package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Transport is the transport of a [Client] for use with an [net/http.Client] of one's own, which should have no
// Timeout: this one does better. A configuration that is not valid makes one whose every call fails with what
// [Config.Validate] says.
//
// An [net/http.Client] follows redirects and puts the URL into its errors; set CheckRedirect, and keep credentials out
// of queries.
func Transport(c Config) http.RoundTripper { return newTransport(c, c.Telemetry) }

// transport makes calls. It may be used by many goroutines.
type transport struct {
	config        Config // with defaults
	fault         error  // of the configuration: no call is made
	base          *url.URL
	authorization string // for base's origin; empty: none
	telemetry     *telemetry.Telemetry
	net           *http.Transport

	epoch        time.Time // zero of the clock of everything below
	alarms       alarms
	hedges       sync.WaitGroup
	destinations destinations
}

func newTransport(c Config, observer *telemetry.Telemetry) *transport {
	fault := c.Validate()
	if fault != nil { // no call is made
		c = Config{Name: c.Name, URL: c.URL}
	}
	c = c.withDefaults()
	t := &transport{config: c, fault: fault, base: c.URL.Parsed(), telemetry: observer, epoch: time.Now()}
	t.net = connections(c, t.way)
	t.destinations.make = t.newDestination
	if err := t.observe(); err != nil {
		t.fault = errors.Join(t.fault, fmt.Errorf("outbound %q: %w", c.Name, err))
	}
	switch {
	case !c.Bearer.IsZero():
		t.authorization = "Bearer " + c.Bearer.Reveal()
	case t.base.User != nil:
		password, _ := t.base.User.Password()
		basic := http.Request{Header: http.Header{}}
		basic.SetBasicAuth(t.base.User.Username(), password)
		t.authorization = basic.Header.Get("Authorization")
	}
	t.base.User = nil
	return t
}

// RoundTrip implements [net/http.RoundTripper]. Its errors are [*problem.Error].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.call(r, policy{})
}

// call makes one call, of as many attempts as it takes and may have.
func (t *transport) call(r *http.Request, p policy) (*http.Response, error) {
	c := &call{transport: t, request: r, policy: p}
	if err := c.begin(); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as RoundTripper demands; nothing was read
		}
		return nil, err
	}
	return c.run()
}

// CloseIdleConnections is what [net/http.Client] looks for.
func (t *transport) CloseIdleConnections() { t.net.CloseIdleConnections() }

// stop closes what is idle and waits for hedges that nobody waits for any more.
func (t *transport) stop(ctx context.Context) error {
	t.net.CloseIdleConnections()
	ended := make(chan struct{})
	go func() { t.hedges.Wait(); close(ended) }()
	select {
	case <-ended:
		t.net.CloseIdleConnections() // theirs too
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the client of %s: %w", t.config.Name, context.Cause(ctx))
	}
}

// newDestination makes one of a configuration that was found to be valid.
func (t *transport) newDestination() *destination {
	d, err := t.config.newDestination(t.clock(time.Now()))
	if err != nil {
		panic(fmt.Sprintf("outbound %q: %v", t.config.Name, err)) // Validate has made one
	}
	return d
}

// clock is the time on the transport's own clock, in nanoseconds.
func (t *transport) clock(at time.Time) int64 { return int64(at.Sub(t.epoch)) }
