package outbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// DefaultAttempts is how often a call is sent at most, where that is safe and the retry budget has it.
const DefaultAttempts = 3

// Switch is a protection that is on unless it is Off.
type Switch bool

// Off switches a protection off.
const Off Switch = true

// Unlimited lifts a limit of a [Config] that is a number.
const Unlimited = -1

// The limits of a call, where a [Config] does not set its own.
const (
	DefaultTimeout     = 2 * time.Second
	DefaultConnect     = time.Second     // a lost SYN is sent again after one
	DefaultHandshake   = 2 * time.Second // two round trips and a signature on a busy machine
	DefaultIdle        = 30 * time.Second
	DefaultMaxConns    = 256
	DefaultMaxResponse = 8 << 20
)

// Config describes one dependency. Only URL is required, and that only by New: every other zero value is what a
// service in production wants.
type Config struct {
	// Name is the dependency's name in metrics, readiness and logs. Empty: the URL's host, or "dependency".
	Name string

	// URL is where the dependency is, http or https. Paths of calls are joined to its path, its query is added to
	// theirs, and its user information is sent as basic authentication, unless there is a Bearer.
	URL config.URL

	// Bearer is sent as Authorization to the URL's origin, and nowhere else, unless a request has that header
	// already. Zero: none is sent.
	Bearer config.Secret

	// Timeout bounds each call to this dependency, its body included, where less is not left of the context's
	// deadline. 0: what is left, or 2 s for a call whose context has no deadline.
	Timeout time.Duration

	// Connect bounds the dial. 0: 1 s.
	Connect time.Duration

	// Handshake bounds the TLS handshake. 0: 2 s.
	Handshake time.Duration

	// Idle is how long a connection without requests is kept. It should be below what the other side keeps one for,
	// which is 60 s or more with common balancers and servers. 0: 30 s.
	Idle time.Duration

	// MaxConns bounds the connections to one host and the calls that are under way to it, unless Bulkhead says
	// otherwise. 0: 256 connections.
	MaxConns int

	// Bulkhead bounds the calls to one host that are under way, as package admission has it: "fixed:N", "adaptive" or
	// "off". What finds no place waits, highest class first, if it can expect one in time; as many wait as may be under
	// way. "": MaxConns, and a quarter of that but at least 8 waiting; where that is 0, 24 × GOMAXPROCS and 8 × GOMAXPROCS waiting,
	// which is half of what a service takes on by itself: the rest stays free for what does not need this dependency.
	Bulkhead admission.Mode

	// Breaker Off sends every call, however the dependency answers. Otherwise one that does not answer is left alone,
	// but for a few probes a second.
	Breaker Switch

	// Throttle Off sends every call, however many the dependency refuses. Otherwise at most twice as many are sent as
	// it takes.
	Throttle Switch

	// Hedge says that another instance of the dependency may be asked when one takes long: a call that may be repeated
	// is sent a second time after the time that 95 % take, for at most 2 % of the calls, out of the retry budget, and
	// not while the dependency refuses calls or makes them wait.
	Hedge bool

	// Attempts is how often one call may be sent, where repeating it is safe and the retry budget allows it: that has
	// 0.1 for each first attempt of the last 10 s, at least 10 when they have been saved; while more than half of the
	// attempts fail, only those that succeed earn any. 1: never again. 0: 3.
	Attempts int

	// MaxResponse bounds the body of an answer in bytes, after decompression. 0: 8 MiB.
	MaxResponse int64

	// HealthPath is asked by readiness, joined to the URL: any status below 500 is healthy, and 501. Empty: a connection
	// that can be made is.
	HealthPath string

	// Optional says that the service is ready without this dependency.
	Optional bool

	// TLS is the configuration for https. nil: the system's roots and Go's defaults.
	TLS *tls.Config

	// Dial makes connections, as [net/http.Transport].DialContext. nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Telemetry observes each call of a Transport that stands alone. New takes its host's. nil: nobody does.
	Telemetry *telemetry.Telemetry
}

// Validate names all faults of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	if s := c.URL.Scheme(); !c.URL.IsZero() && s != "http" && s != "https" {
		faults = append(faults, fmt.Errorf("the URL has the scheme %q, which is not http or https", s))
	}
	if c.URL.IsZero() && (!c.Bearer.IsZero() || c.HealthPath != "") {
		faults = append(faults, errors.New("a bearer token and a health path need a URL"))
	}
	if strings.IndexFunc(c.Bearer.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		faults = append(faults, errors.New("the bearer token has a space, a line break or another character that no token has"))
	}
	if min(c.Timeout, c.Connect, c.Handshake, c.Idle) < 0 {
		faults = append(faults, errors.New("a time is negative: there is no call without a limit"))
	}
	if c.Attempts < 0 {
		faults = append(faults, errors.New("a call needs at least one attempt; 1 never sends it again"))
	}
	if _, err := admission.ParseMode(c.Bulkhead.String()); err != nil {
		faults = append(faults, fmt.Errorf("the bulkhead's %w", err))
	}
	if c.MaxConns < Unlimited || c.MaxResponse < Unlimited {
		faults = append(faults, errors.New("a limit is below -1, which is Unlimited"))
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("outbound %q: %w", c.Name, errors.Join(faults...))
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = cmp.Or(c.URL.Parsed().Host, "dependency")
	}
	c.Attempts = cmp.Or(c.Attempts, DefaultAttempts)
	c.Connect = cmp.Or(c.Connect, DefaultConnect)
	c.Handshake = cmp.Or(c.Handshake, DefaultHandshake)
	c.Idle = cmp.Or(c.Idle, DefaultIdle)
	switch c.MaxResponse {
	case 0:
		c.MaxResponse = DefaultMaxResponse
	case Unlimited:
		c.MaxResponse = math.MaxInt64 - 1 // reading one more must not overflow
	}
	c.Dial = within(c.Connect, c.Dial)
	return c
}

// within bounds a dial, which net/http lets run on when the call that began it has ended.
func within(limit time.Duration, dial dialer) dialer {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, &dialError{err}
		}
		return conn, nil
	}
}

// dialError is a connection that was not made: nothing was sent.
type dialError struct{ error }

// Unwrap returns what the dial ended with.
func (e *dialError) Unwrap() error { return e.error }
