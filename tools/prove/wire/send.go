package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Send writes all of p, whatever the peer says meanwhile. It ends early when the connection does or ctx ends.
func (c *Conn) Send(ctx context.Context, p []byte) error {
	defer c.interruptible(ctx)()
	_, err := c.write(p)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("send: %w", context.Cause(ctx))
	}
	return err
}

// Stream sends what r gives until it ends, the peer begins to answer, the connection ends, or ctx does. It returns how
// many bytes were handed to the kernel. An answer is no error: look at [Conn.Response].
func (c *Conn) Stream(ctx context.Context, r io.Reader) (int64, error) {
	defer c.politely(ctx)()
	var sent int64
	buf := make([]byte, 32<<10)
	for {
		if c.answered() {
			return sent, nil
		}
		n, err := r.Read(buf)
		if n > 0 {
			wrote, failed := c.write(buf[:n])
			sent += int64(wrote)
			if failed != nil {
				return sent, c.interrupted(ctx, failed)
			}
		}
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return sent, fmt.Errorf("read what is to be sent: %w", err)
		}
	}
}

// Drip is a slow sender: Size bytes of Data every Every.
type Drip struct {
	Data  []byte
	Size  int           // bytes a piece; 0: 1
	Every time.Duration // 0: 1 s
	Loop  bool          // begin again at the end of Data, until something stops it
}

// Drip sends slowly until the data ends, the peer begins to answer, the connection ends, or ctx does; only the last is
// an error. It returns how many bytes were handed to the kernel. The first piece goes at once.
func (c *Conn) Drip(ctx context.Context, d Drip) (int64, error) {
	defer c.politely(ctx)()
	size, every := max(d.Size, 1), d.Every
	if every <= 0 {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var sent int64
	for rest := d.Data; len(d.Data) > 0; {
		n, err := c.write(rest[:min(size, len(rest))])
		sent += int64(n)
		rest = rest[n:]
		if err != nil {
			return sent, c.interrupted(ctx, err)
		}
		if len(rest) == 0 {
			if !d.Loop {
				break
			}
			rest = d.Data
		}
		select {
		case <-tick.C:
		case <-c.first:
			return sent, nil
		case <-c.ended:
			return sent, nil
		case <-ctx.Done():
			return sent, fmt.Errorf("drip: %w", context.Cause(ctx))
		}
	}
	return sent, nil
}

// write sends p and records it. The first error of the connection is kept: it tells a reset from an end.
func (c *Conn) write(p []byte) (int, error) {
	c.sending.Lock()
	defer c.sending.Unlock()
	n, err := c.nc.Write(p)
	if n > 0 {
		c.log.sent(c.Now(), p[:n])
	}
	if err != nil {
		c.mu.Lock()
		if c.writeErr == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.writeErr = err
		}
		c.mu.Unlock()
		return n, fmt.Errorf("send: %w", err)
	}
	return n, nil
}

// interruptible lets the end of ctx interrupt a write that waits; the returned function takes that back.
func (c *Conn) interruptible(ctx context.Context) func() {
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		_ = c.nc.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-fired
		}
		_ = c.nc.SetWriteDeadline(time.Time{})
	}
}

// politely also lets the first byte of an answer interrupt it.
func (c *Conn) politely(ctx context.Context) func() {
	c.mu.Lock()
	c.polite = true
	c.mu.Unlock()
	restore := c.interruptible(ctx)
	return func() {
		c.mu.Lock()
		c.polite = false
		c.mu.Unlock()
		restore()
	}
}

func (c *Conn) answered() bool {
	select {
	case <-c.first:
		return true
	default:
		return false
	}
}

// interrupted turns the error of a polite write into what it means: nothing, if the peer answered or ended the
// connection, which the caller sees in the response and the close.
func (c *Conn) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("send: %w", context.Cause(ctx))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) || c.answered() {
		return nil
	}
	return err
}
