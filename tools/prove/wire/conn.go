package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

// Options shape a connection. The zero value is a plain TCP connection that reads as fast as it can.
type Options struct {
	Timeout       time.Duration // for connecting, with TLS; 0: 5 s
	TLS           *tls.Config   // nil: plain text
	ReceiveBuffer int           // SO_RCVBUF in bytes, set before connecting so that it bounds the window; 0: the kernel's choice
	Deaf          bool          // do not read until Listen is called: the reader that never takes its answer
	Head          bool          // every request on it is a HEAD
	KeepBody      int           // bytes of each body kept; 0: 64 KiB
	Origin        time.Time     // where times count from; zero: the call of Dial
}

// Conn is one connection of an attack. It reads in the background from the start, unless Deaf. Its methods may be called
// from several goroutines; Close must be called in the end.
type Conn struct {
	nc     net.Conn
	tcp    *net.TCPConn
	origin time.Time
	log    Transcript

	first  chan struct{} // closed when the first byte has arrived
	ended  chan struct{} // closed when reading has ended
	listen chan struct{} // closed when reading may begin
	once   sync.Once     // closes listen

	sending sync.Mutex // held from a write to the recording of its error

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced when responses or closing change
	responses []Response    // complete ones that Response has not handed out
	partial   Response      // what followed them
	broken    error         // why no response can follow
	closing   Close
	closed    bool  // by us
	writeErr  error // the first
	polite    bool  // a send is under way that the first byte of an answer stops
}

// Dial opens a connection to addr ("host:port"). The error of a connection that was refused wraps syscall.ECONNREFUSED.
func Dial(ctx context.Context, addr string, o Options) (*Conn, error) {
	if o.Origin.IsZero() {
		o.Origin = time.Now()
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.KeepBody == 0 {
		o.KeepBody = 64 << 10
	}
	c := &Conn{
		origin: o.Origin, first: make(chan struct{}), ended: make(chan struct{}),
		listen: make(chan struct{}), changed: make(chan struct{}),
	}
	began := time.Since(o.Origin)
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := c.connect(ctx, addr, o); err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	c.log.note(began, "dial", fmt.Sprintf("%s from %s, open after %.1f ms", addr, c.nc.LocalAddr(),
		(time.Since(o.Origin)-began).Seconds()*1e3))
	if !o.Deaf {
		c.Listen()
	}
	go c.read(newAssembler(o.Head, o.KeepBody))
	return c, nil
}

func (c *Conn) connect(ctx context.Context, addr string, o Options) error {
	d := net.Dialer{KeepAlive: -1, Control: receiveBuffer(o.ReceiveBuffer)}
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	c.nc, c.tcp = nc, nc.(*net.TCPConn)
	if o.TLS == nil {
		return nil
	}
	secure := tls.Client(nc, o.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return err
	}
	c.nc = secure
	return nil
}

// Now is the time since the origin, on the clock of the transcript.
func (c *Conn) Now() time.Duration { return time.Since(c.origin) }

// Transcript is what happened on the connection so far.
func (c *Conn) Transcript() *Transcript { return &c.log }

// LocalAddr is our end of the connection.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// Listen lets a Deaf connection begin to read.
func (c *Conn) Listen() { c.once.Do(func() { close(c.listen) }) }

// HalfClose sends FIN and goes on reading. Over TLS it sends close_notify and then FIN.
func (c *Conn) HalfClose() error {
	c.log.note(c.Now(), "close", "we send FIN")
	if secure, ok := c.nc.(*tls.Conn); ok {
		if err := secure.CloseWrite(); err != nil {
			return fmt.Errorf("half close: %w", err)
		}
	}
	if err := c.tcp.CloseWrite(); err != nil {
		return fmt.Errorf("half close: %w", err)
	}
	return nil
}

// Abort resets the connection (SO_LINGER 0) and waits until its reader has ended.
func (c *Conn) Abort() error {
	if err := c.tcp.SetLinger(0); err != nil {
		return fmt.Errorf("abort: %w", err)
	}
	return c.end("we reset", c.tcp)
}

// Close closes the connection and waits until its reader has ended. Closing twice is legal.
func (c *Conn) Close() error { return c.end("we close", c.nc) }

func (c *Conn) end(note string, target net.Conn) error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	over := c.closing.Kind != Open
	c.mu.Unlock()
	if again {
		<-c.ended
		return nil
	}
	if !over {
		c.log.note(c.Now(), "close", note)
	}
	err := target.Close()
	c.Listen()
	<-c.ended
	if err != nil && !over {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
