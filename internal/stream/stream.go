// Package stream holds what a service has for answers that last: how many may be
// open, and the writer of one.
package stream

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Pool counts the streams that are open. It is safe for concurrent use. Make it
// with NewPool.
type Pool struct {
	most int64
	open atomic.Int64
}

// NewPool allows at most so many at once.
func NewPool(most int) *Pool { return &Pool{most: int64(most)} }

// Enter counts one in, unless there are as many as allowed. Every Enter that says true has one Leave.
func (p *Pool) Enter() bool {
	if p.open.Add(1) <= p.most {
		return true
	}
	p.open.Add(-1)
	return false
}

// Leave is for what Enter counted in.
func (p *Pool) Leave() { p.open.Add(-1) }

// Open is how many are open.
func (p *Pool) Open() int64 { return p.open.Load() }

// Most is how many may be open.
func (p *Pool) Most() int64 { return p.most }

// Farewell is how long a connection that was taken over is kept beyond its
// stream's time, for a closing message.
const Farewell = time.Second

// Writer is the writer of a stream. A connection that its handler takes over is
// waited for until it is closed, since http.Server.Shutdown does not, and is closed
// when the stream's time is up, whoever has it then.
type Writer struct {
	http.ResponseWriter

	End   time.Time        // of the stream, as it was declared
	Begun func(status int) // called when the answer begins: before its header is written, or the connection is taken over (101)
	Taken func()           // called when the connection is taken over
	Left  func()           // called when a connection that was taken over is closed
}

// Unwrap is for http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer, but for an interim one.
func (w *Writer) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.Begun(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Hijack implements http.Hijacker.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	taken, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.Begun(http.StatusSwitchingProtocols)
	w.Taken()
	left := sync.OnceFunc(w.Left)
	expiry := time.AfterFunc(time.Until(w.End)+Farewell, func() {
		_ = taken.Close() // also what the handler does not know of any more
		left()
	})
	return &conn{Conn: taken, expiry: expiry, left: left}, rw, nil
}

type conn struct {
	net.Conn
	expiry *time.Timer
	left   func()
}

// Close closes the connection; nobody waits for it any longer.
func (c *conn) Close() error {
	defer c.left()
	c.expiry.Stop()
	return c.Conn.Close()
}
