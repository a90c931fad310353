package memhttp

import (
	"context"
	"net"
	"sync"
	"time"
)

// Listener is a net.Listener on a network that exists in this process only.
type Listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen makes a network with one listener on it.
func Listen() *Listener {
	return &Listener{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next connection. It returns net.ErrClosed once the listener is closed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections; those that were accepted stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a made-up loopback address, so that code that parses addresses can.
func (l *Listener) Addr() net.Addr { return serverAddr }

// Dial connects to the listener. It has the signature of http.Transport.DialContext; network and address are ignored.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	toServer, toClient := newPipe(), newPipe()
	client := &Conn{in: toClient, out: toServer, local: clientAddr, remote: serverAddr}
	server := &Conn{in: toServer, out: toClient, local: serverAddr, remote: clientAddr}
	select {
	case l.accept <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: serverAddr, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var (
	serverAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	clientAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 49152}
)

// Conn is one end of a connection. Both directions are buffered by 64 KiB. Unlike TCP, closing with unread data resets
// nothing: what was written before can be read.
type Conn struct {
	in, out       *pipe
	local, remote net.Addr
}

// Read is net.Conn's.
func (c *Conn) Read(b []byte) (int, error) { return c.in.read(b) }

// Write is net.Conn's.
func (c *Conn) Write(b []byte) (int, error) { return c.out.write(b) }

// Close ends both directions.
func (c *Conn) Close() error {
	c.out.end()
	c.in.leave()
	return nil
}

// CloseWrite ends the direction to the peer, which reads io.EOF after what was written.
func (c *Conn) CloseWrite() error {
	c.out.end()
	return nil
}

// LocalAddr is this end's made-up address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the peer's made-up address.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline is net.Conn's.
func (c *Conn) SetDeadline(t time.Time) error {
	c.in.set(&c.in.unread, t)
	c.out.set(&c.out.unsent, t)
	return nil
}

// SetReadDeadline is net.Conn's.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.set(&c.in.unread, t)
	return nil
}

// SetWriteDeadline is net.Conn's.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.set(&c.out.unsent, t)
	return nil
}
