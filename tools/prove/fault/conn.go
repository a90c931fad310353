package fault

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// lingering is how long a closed connection is kept for the caller to read
// what it was sent: closing at once with bytes unread would reset it.
const lingering = 500 * time.Millisecond

// call is one request on its way from the reader to the server of a connection.
type call struct {
	rec   *Record
	req   Request
	last  bool   // the connection ends with this answer
	fault string // why it is malformed; empty: it is not
}

// conn is one connection. Its reader always reads, so that a departure is seen
// the moment it happens, however long an answer takes; its server answers one
// call after the other.
type conn struct {
	sink  *Sink
	id    int64
	nc    net.Conn
	calls chan *call // read and not yet served

	behind atomic.Int64  // calls read and not yet answered
	served chan struct{} // one token after an answer

	once    sync.Once
	left    chan struct{} // closed when there is no one to answer any more
	leftAt  time.Duration // set before left is closed, as is how
	how     Departure
	severed bool

	timer *time.Timer
	out   []byte // buffer of the answer being written
}

func newConn(s *Sink, id int64, nc net.Conn) *conn {
	return &conn{
		sink: s, id: id, nc: nc,
		calls:  make(chan *call, pipelineDepth),
		served: make(chan struct{}, 1),
		left:   make(chan struct{}),
		timer:  time.NewTimer(time.Hour),
	}
}

// run serves the connection until either side ends it.
func (c *conn) run() {
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		c.read()
	}()
	for next := range c.calls {
		kept := c.serve(next)
		c.behind.Add(-1)
		select {
		case c.served <- struct{}{}:
		default:
		}
		if !kept {
			break
		}
	}
	_ = c.nc.Close() // a reset may have closed it before
	c.timer.Stop()
	for rest := range c.calls { // sent behind the call that ended the connection
		c.end(rest, c.outcome(Broken, 0))
	}
	<-reading
}

// leave records who ended the connection, once.
func (c *conn) leave(how Departure, severed bool) {
	c.once.Do(func() {
		c.leftAt, c.how, c.severed = c.sink.now(), how, severed
		close(c.left)
	})
}

// reset ends the connection with a TCP reset, or a close where there is none.
func (c *conn) reset() {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only on a closed connection
	}
	_ = c.nc.Close()
}

// sever cuts the connection from outside.
func (c *conn) sever() {
	c.leave(Stayed, true)
	c.reset()
}

// drop ends the connection from outside, in the way that a caller sees.
func (c *conn) drop(how Departure) {
	if how == RST {
		c.sever()
		return
	}
	c.leave(Stayed, true)
	_ = c.nc.Close()
}

// read reads requests until the caller leaves or the server closes the
// connection.
func (c *conn) read() {
	defer close(c.calls)
	d := &decoder{
		br:   bufio.NewReader(c.nc),
		keep: max(c.sink.cfg.BodyBytes, 4<<10), maxBody: c.sink.cfg.MaxBody,
	}
	for nth := 1; ; nth++ {
		err := d.await()
		if err != nil {
			c.gone(err)
			return
		}
		next, err := c.readCall(d, nth)
		if err != nil {
			c.gone(err)
			c.end(next, c.outcome(Broken, 0))
			return
		}
		c.behind.Add(1)
		select {
		case c.calls <- next:
		case <-c.left:
			c.behind.Add(-1)
			c.end(next, c.outcome(Broken, 0))
			return
		}
		if next.last {
			c.discard(d)
			return
		}
	}
}

// readCall reads one request. The error is what ended the connection in the
// middle of it; what is malformed is part of the call.
func (c *conn) readCall(d *decoder, nth int) (*call, error) {
	next := &call{rec: c.sink.ledger.begin(c.id, nth, c.sink.now())}
	next.req = Request{ID: next.rec.ID, Conn: c.id, Nth: nth}
	err := d.readHead(&next.req)
	var f framing
	if err == nil {
		f, err = next.req.framing()
	}
	if err == nil && (f.chunked || f.length > 0) && next.req.has("Expect", "100-continue") {
		err = c.proceed()
	}
	if err == nil {
		err = d.readBody(&next.req, f)
	}
	var malformed malformedError
	if errors.As(err, &malformed) {
		next.fault, next.last, err = malformed.Error(), true, nil
	} else {
		next.last = !next.req.persists()
	}
	c.sink.ledger.read(next.rec, next.req, carried(next.req, c.sink.keep), c.sink.now())
	return next, err
}

// proceed asks for a body that the caller holds back, once the answers before
// it are out.
func (c *conn) proceed() error {
	for c.behind.Load() > 0 {
		select {
		case <-c.served:
		case <-c.left:
			return net.ErrClosed
		}
	}
	_, err := c.nc.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return err
}

// discard reads on after the last call, to see the caller leave.
func (c *conn) discard(d *decoder) {
	for {
		if _, err := d.br.Discard(1); err != nil {
			c.gone(err)
			return
		}
		_, _ = d.br.Discard(d.br.Buffered()) // cannot fail: it is buffered
	}
}

// gone notes why reading ended. A connection that this side closed is no
// departure: whoever closed it says what became of its call.
func (c *conn) gone(err error) {
	switch {
	case errors.Is(err, net.ErrClosed):
		c.leave(Stayed, false)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		c.leave(RST, false)
	default:
		c.leave(FIN, false)
	}
}
