package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	// ErrTimeout is a response that did not arrive in the time that was given to it.
	ErrTimeout = errors.New("no response in time")
	// ErrClosed is a connection that ended before a response.
	ErrClosed = errors.New("connection ended before a response")
)

// keepResponses bounds the complete responses that wait to be taken.
const keepResponses = 1000

// read takes what arrives until the connection ends. It is the only reader.
func (c *Conn) read(a *assembler) {
	defer close(c.ended)
	<-c.listen
	buf := make([]byte, 16<<10)
	for {
		n, err := c.nc.Read(buf)
		at := c.Now()
		if n > 0 {
			c.log.received(at, buf[:n])
			c.arrived(a, at, buf[:n])
		}
		if err != nil {
			c.over(a, at, err)
			return
		}
	}
}

// arrived feeds the parser and publishes what came out of it.
func (c *Conn) arrived(a *assembler, at time.Duration, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.first:
	default:
		close(c.first)
		if c.polite {
			_ = c.nc.SetWriteDeadline(time.Unix(1, 0)) // a write that waits for room ends now; its error is the proof
		}
	}
	for len(b) > 0 && c.broken == nil {
		if a.current.First == 0 {
			a.current.First = at
		}
		a.current.Last = at
		n, err := a.parser.Feed(b)
		b = b[n:]
		c.broken = err
		if err == nil && a.parser.Done() {
			c.completeLocked(a)
		}
	}
	c.partial = a.snapshot()
	c.announceLocked()
}

func (c *Conn) completeLocked(a *assembler) {
	if len(c.responses) < keepResponses {
		c.responses = append(c.responses, a.snapshot())
	}
	a.current = Response{}
	a.parser.Reset(a.parser.head)
}

// over records the end of the connection and completes a response that it delimits.
func (c *Conn) over(a *assembler, at time.Duration, err error) {
	if errors.Is(err, io.EOF) && dead(c.tcp) {
		c.sending.Lock() // a write may just have been told of a reset, see closeKind
		defer c.sending.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = Close{Kind: closeKind(err, c.writeErr), At: at}
	if c.closed {
		c.closing.Kind = Local
	}
	if c.closing.Kind != FIN && c.closing.Kind != Local {
		c.closing.Error = err.Error()
	}
	if c.closing.Kind == FIN && c.broken == nil && a.parser.Begun() && a.parser.End() == nil {
		c.completeLocked(a)
	}
	c.partial = a.snapshot()
	if c.closing.Kind != Local {
		c.log.note(at, "close", "the peer ends it: "+c.closing.Kind.String())
	}
	c.announceLocked()
}

func (c *Conn) announceLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// FirstByte is closed when the first byte of an answer has arrived.
func (c *Conn) FirstByte() <-chan struct{} { return c.first }

// Ended is closed when the connection has ended, by whichever side.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Response waits for the next complete response and returns it. When there is none it returns what had arrived of it,
// and an error that wraps [ErrTimeout] (ctx ended), [ErrClosed] (the connection ended; [Conn.Closing] says how) or
// [ErrMalformed].
func (c *Conn) Response(ctx context.Context) (Response, error) {
	for {
		c.mu.Lock()
		response, ready, err := c.nextLocked()
		changed := c.changed
		c.mu.Unlock()
		if ready {
			return response, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			c.mu.Lock()
			defer c.mu.Unlock()
			if response, ready, err := c.nextLocked(); ready {
				return response, err
			}
			return c.partial, fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
		}
	}
}

func (c *Conn) nextLocked() (Response, bool, error) {
	switch {
	case len(c.responses) > 0:
		r := c.responses[0]
		c.responses = c.responses[1:]
		return r, true, nil
	case c.broken != nil:
		return c.partial, true, c.broken
	case c.closing.Kind == FIN && c.partial.First > 0:
		return c.partial, true, fmt.Errorf("%w: %w", ErrClosed, ErrTruncated)
	case c.closing.Kind != Open:
		return c.partial, true, fmt.Errorf("%w: %s", ErrClosed, c.closing.Kind)
	}
	return Response{}, false, nil
}

// Closing says how the connection ended; Open if it has not.
func (c *Conn) Closing() Close {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.Kind == Open {
		return Close{Kind: Open, At: c.Now()}
	}
	return c.closing
}

// AwaitClose waits until the connection has ended or ctx has, and says how it ended: Open if it was still there.
// Responses that arrive meanwhile are kept for [Conn.Response].
func (c *Conn) AwaitClose(ctx context.Context) Close {
	select {
	case <-c.ended:
	case <-ctx.Done():
	}
	return c.Closing()
}
