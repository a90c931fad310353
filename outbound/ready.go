package outbound

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ready asks whether the dependency could be called now. It is no call of the service's own and is not observed as one.
func (t *transport) ready(ctx context.Context) error {
	if t.config.HealthPath != "" {
		return t.healthy(ctx)
	}
	return t.reachable(ctx)
}

// detail says that calls are held back. Readiness does not depend on it: a service without requests would never find out
// that the dependency is back.
func (t *transport) detail() string {
	if t.fault != nil {
		return ""
	}
	state := t.destinations.find(t.base.Host).breaker.state(t.clock(time.Now()))
	if state == BreakerClosed {
		return ""
	}
	return "breaker " + state.String()
}

// healthy asks the dependency about itself. What it answers below 500, a 401 or a 404 too, it answers; so does one that
// has not implemented GET.
func (t *transport) healthy(ctx context.Context) error {
	target, err := t.resolve(&url.URL{Path: t.config.HealthPath})
	if err != nil {
		return fmt.Errorf("health path of %s: %w", t.config.Name, err)
	}
	r := (&http.Request{Method: http.MethodGet, URL: target, Header: http.Header{}}).WithContext(ctx)
	res, err := t.call(r, policy{probe: true})
	if err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, res.Body, shortBody) // the status is the answer
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("end the health check of %s: %w", t.config.Name, err)
	}
	if res.StatusCode >= http.StatusInternalServerError && res.StatusCode != http.StatusNotImplemented {
		return fmt.Errorf("health check of %s: status %d", t.config.Name, res.StatusCode)
	}
	return nil
}

// reachable makes a connection to where calls go, which is the proxy if there is one for them, and closes it.
func (t *transport) reachable(ctx context.Context) error {
	where := t.base
	proxy, err := t.net.Proxy(&http.Request{URL: t.base})
	if err != nil {
		return fmt.Errorf("find the proxy for %s: %w", t.config.Name, err)
	}
	if proxy != nil {
		where = proxy
	}
	conn, err := t.config.Dial(ctx, "tcp", net.JoinHostPort(where.Hostname(), port(where)))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", t.config.Name, err)
	}
	if err := conn.Close(); err != nil {
		return fmt.Errorf("close the connection to %s: %w", t.config.Name, err)
	}
	return nil
}
