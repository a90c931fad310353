package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Host is the service that a client lives in: it asks for the dependency's readiness and observes the calls.
// *plimsoll.Service is one.
type Host interface {
	life.Host
	Telemetry() *telemetry.Telemetry
}

// Client calls one dependency. It may be used by many goroutines and lives as long as the service.
type Client struct{ transport *transport }

// New makes the client of a dependency and adds it to the host's life: its readiness is asked for by the name in c,
// and its connections are closed in the drain. The host may be nil, for a client without a service.
//
// What is wrong with the configuration is in [Client.Err], and every call fails with it. A service that such a client
// was added to does not start: its Main or Run ends with a [config.Error] that names the fault, once setup has returned.
func New(host Host, c Config) *Client {
	observer := c.Telemetry
	if host != nil {
		observer = host.Telemetry()
	}
	client := &Client{transport: newTransport(c, observer)}
	if c.URL.IsZero() {
		client.transport.fault = errors.Join(client.transport.fault, fmt.Errorf("outbound %q: the URL is missing", c.Name))
	}
	if host != nil {
		host.Add(client.component())
	}
	return client
}

// Err is what is wrong with the configuration of the client, nil if nothing is.
func (c *Client) Err() error { return c.transport.fault }

// Transport returns the transport below the client, for an [net/http.Client] or a reverse proxy. See the function of
// that name.
func (c *Client) Transport() http.RoundTripper { return c.transport }

// Do sends a request whose URL is a path, with or without a query, or a full URL of the dependency's origin. Any
// answer is an answer, whatever its status, also a redirect; its body must be closed. The error is a [*problem.Error].
//
// It is sent again where that is safe, see the package's comment. A body that is longer than 64 KiB and whose request
// has no GetBody is sent once.
func (c *Client) Do(r *http.Request) (*http.Response, error) { return c.do(r, policy{}) }

func (c *Client) do(r *http.Request, p policy) (*http.Response, error) {
	target, err := c.transport.resolve(r.URL)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as a transport would; nothing was read
		}
		return nil, problem.Wrap(problem.Internal, "", fmt.Errorf("call %s: %w", c.transport.config.Name, err))
	}
	out := r.WithContext(r.Context())
	out.URL = target
	if r.Host == r.URL.Host {
		out.Host = ""
	}
	if out.Header == nil {
		out.Header = http.Header{}
	}
	return c.transport.call(out, p)
}

var (
	errOrigin = errors.New("the URL is of another origin than the dependency's")
	errDots   = errors.New("the path has a . or .. segment, with which it could leave the dependency's")
)

// resolve joins a path to the base, or checks that a full URL is of its origin. Segments of dots are refused rather
// than resolved: they are found where a caller's input was put into a path.
func (t *transport) resolve(u *url.URL) (*url.URL, error) {
	full := u.Scheme != "" || u.Host != ""
	if u.Opaque != "" || full && !sameOrigin(u, t.base) {
		return nil, errOrigin
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, errDots
		}
	}
	target := *t.base
	if full {
		target.Path, target.RawPath = u.Path, u.RawPath
	} else {
		target.Path = join(t.base.Path, u.Path)
		target.RawPath = join(t.base.EscapedPath(), u.EscapedPath())
	}
	target.RawQuery = u.RawQuery
	if t.base.RawQuery != "" && !full {
		target.RawQuery = strings.TrimSuffix(t.base.RawQuery+"&"+u.RawQuery, "&")
	}
	return &target, nil
}

// join puts exactly one slash between two paths; an empty one adds nothing.
func join(base, path string) string {
	if path == "" {
		return base
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(path, "/")
}

// sameOrigin compares scheme, host and port (RFC 6454, section 5).
func sameOrigin(a, b *url.URL) bool {
	return b.Host != "" && strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}

// component is the dependency in the life of the service.
func (c *Client) component() life.Component {
	return life.Component{
		Name: c.transport.config.Name, Phase: life.Clients, Optional: c.transport.config.Optional,
		Fault: c.transport.fault,
		Ready: c.transport.ready, Detail: c.transport.detail,
		Stop: c.transport.stop,
	}
}
