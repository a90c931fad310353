// Package edge is where connections come in: how many there are at once, how
// long one may stall or live, and the certificates it is met with.
//
//	ln := edge.New(inner, edge.Config{})
//	srv := &http.Server{ConnContext: edge.ConnContext, …}
//	srv.Serve(ln)
//
// Under TLS the listener goes below: tls.NewListener(edge.New(inner, …), …).
package edge

import (
	"math"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"
)

// The defaults of Config. They are those of the catalogue.
const (
	DefaultConnections = 10_000
	DefaultWriteStall  = 10 * time.Second
	DefaultMaxAge      = 5 * time.Minute
)

// Unlimited switches a limit of Config off.
const Unlimited = -1

// Config is what a Listener is made from. The zero value is the production
// default.
type Config struct {
	// MaxConnections is how many are open at once; see Fit. What comes then
	// is answered 503 and closed. 0: DefaultConnections.
	MaxConnections int

	// WriteStall is how long a client may take nothing of what is written to
	// it. 0: DefaultWriteStall.
	WriteStall time.Duration

	// MaxAge is how old a connection gets before Expired says so; each gets
	// its own, between 80 % and all of it. 0: DefaultMaxAge.
	MaxAge time.Duration

	// TLS says that clients speak TLS, to whom a plain answer says nothing.
	TLS bool
}

func (c Config) withDefaults() Config {
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultConnections
	}
	if c.MaxConnections < 0 {
		c.MaxConnections = math.MaxInt
	}
	if c.WriteStall == 0 {
		c.WriteStall = DefaultWriteStall
	}
	if c.MaxAge == 0 {
		c.MaxAge = DefaultMaxAge
	}
	return c
}

// Listener is a net.Listener of bounded connections. Make it with New.
type Listener struct {
	net.Listener

	config   Config
	epoch    time.Time // zero of the clock
	open     atomic.Int64
	refused  atomic.Int64
	stalled  atomic.Int64
	refusals refusals
}

// New puts the bounds around inner, which it owns from then on.
func New(inner net.Listener, cfg Config) *Listener {
	l := &Listener{Listener: inner, config: cfg.withDefaults(), epoch: time.Now()}
	l.refusals.free = make(chan struct{}, atOnce)
	return l
}

// Accept waits for the next connection that there is room for. It is a *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= int64(l.config.MaxConnections) {
			return l.admit(conn), nil
		}
		l.open.Add(-1)
		l.refused.Add(1)
		if l.config.TLS {
			_ = conn.Close()
		} else {
			l.refusals.refuse(conn)
		}
	}
}

func (l *Listener) admit(inner net.Conn) *Conn {
	c := &Conn{Conn: inner, listener: l, retires: never, above: never, set: never}
	c.window.Store(never)
	if age := l.config.MaxAge; age > 0 {
		c.retires = l.now() + int64(float64(age)*(0.8+0.2*rand.Float64()))
	}
	return c
}

// Close stops accepting. Connections that were accepted are not touched.
func (l *Listener) Close() error {
	err := l.Listener.Close()
	l.refusals.close()
	return err
}

// Open is how many connections are open.
func (l *Listener) Open() int64 { return l.open.Load() }

// Refused is how many connections there was no room for.
func (l *Listener) Refused() int64 { return l.refused.Load() }

// Stalled is how many connections were cut because the client took nothing.
func (l *Listener) Stalled() int64 { return l.stalled.Load() }

// never is a time that does not come.
const never = math.MaxInt64

// now is the time since the listener was made, in ns. Only the monotonic clock
// is read.
func (l *Listener) now() int64 { return int64(time.Since(l.epoch)) }

// at is the opposite of now. never is the zero time.
func (l *Listener) at(t int64) time.Time {
	if t == never {
		return time.Time{}
	}
	return l.epoch.Add(time.Duration(t))
}

// of is the opposite of at.
func (l *Listener) of(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return int64(t.Sub(l.epoch))
}
