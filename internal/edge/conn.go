package edge

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is one accepted connection. A client that takes nothing of what is written
// to it for Config.WriteStall gets no more: the write fails, and so does every
// later one. Deadlines that are set from above hold as on any net.Conn.
type Conn struct {
	net.Conn

	listener *Listener
	retires  int64 // when it is old, on the listener's clock
	closed   atomic.Bool
	stalled  atomic.Bool

	writing sync.Mutex   // held by one Write at a time
	window  atomic.Int64 // when to look whether the writing got on; set with mu held

	mu    sync.Mutex
	above int64 // the write deadline that was set from above
	set   int64 // the write deadline of the connection below: the earlier of the two
}

// Close closes the connection and makes room for another. It may be called again.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	if c.closed.CompareAndSwap(false, true) {
		c.listener.open.Add(-1)
	}
	return err
}

// CloseWrite ends the sending half of the connection, if that can be.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// NetConn is the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.Conn.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.above = c.listener.of(t)
	return c.applyLocked()
}

type connKey struct{}

// ConnContext is for http.Server, so that Expired finds the connection.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	for {
		if c, ok := conn.(*Conn); ok {
			return context.WithValue(ctx, connKey{}, c)
		}
		outer, ok := conn.(interface{ NetConn() net.Conn }) // such as *tls.Conn
		if !ok {
			return ctx
		}
		conn = outer.NetConn()
	}
}

// Expired says that the connection of a request has reached its age. Who answers
// then sets Connection: close, which on h2 ends the connection once its other
// streams have ended (GOAWAY). It is false for a request of another listener.
func Expired(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(*Conn)
	return ok && c.retires != never && c.listener.now() >= c.retires
}
