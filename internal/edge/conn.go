package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// chunk is the most that is written under one stall deadline: a client that
// reads so much within the stall makes progress.
const chunk = 64 << 10

// conn bounds how long a write may make no progress. Deadlines that are set from
// above hold too: the earlier one wins.
type conn struct {
	net.Conn
	stall   time.Duration
	expires time.Time
	closed  func()

	mu    sync.Mutex
	asked time.Time // the write deadline from above; zero: none
	armed time.Time // the write deadline that is set below
}

func newConn(inner net.Conn, c *Config, closed func()) *conn {
	jitter := 0.9 + 0.2*rand.Float64()
	return &conn{Conn: inner, stall: c.WriteStall, expires: time.Now().Add(time.Duration(float64(c.MaxAge) * jitter)), closed: closed}
}

// Write writes all of p, or fails when the client reads nothing for the stall.
func (c *conn) Write(p []byte) (written int, err error) {
	for {
		part := p[written:min(len(p), written+chunk)]
		if err := c.arm(); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(part)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// arm moves the deadline below on, if it is due: a write may find up to an
// eighth less than the stall, for a call less on most writes.
func (c *conn) arm() error {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	want := c.effectiveLocked(now)
	if d := want.Sub(c.armed); d >= 0 && d < c.stall/8 {
		return nil
	}
	c.armed = want
	return c.Conn.SetWriteDeadline(want)
}

func (c *conn) effectiveLocked(now time.Time) time.Time {
	want := now.Add(c.stall)
	if !c.asked.IsZero() && c.asked.Before(want) {
		return c.asked
	}
	return want
}

// SetWriteDeadline sets the deadline from above; the zero time removes it. A
// write that is under way has the stall again from now, at most.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = t
	c.armed = c.effectiveLocked(time.Now())
	return c.Conn.SetWriteDeadline(c.armed)
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.Conn.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite sends the end of the stream. net/http does so before it closes on a
// client that still sends, which must not lose its answer to a reset.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Close closes the connection and gives its place back.
func (c *conn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

type expiryKey struct{}

// ConnContext is for http.Server: it lets Expired find the connection's age.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if own, ok := c.(*conn); ok {
		return context.WithValue(ctx, expiryKey{}, own.expires)
	}
	return ctx
}

// Expired says whether a request's connection has reached its age, and should
// be closed after the answer.
func Expired(ctx context.Context) bool {
	expires, ok := ctx.Value(expiryKey{}).(time.Time)
	return ok && time.Now().After(expires)
}
