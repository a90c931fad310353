package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// client is one client of a closed loop.
type client struct {
	loop   *loop
	choice *rand.Rand
	parser wire.Parser
	buf    []byte
	seen   int // bytes of the answer at the beginning of buf

	nc   net.Conn // nil: none is open
	stop func()   // ends its watch over the context
}

// live sends one request after the other until the time is over.
func (c *client) live(ctx context.Context) {
	defer c.hangUp()
	l := c.loop
	choose := chooser(l.plan.Mix)
	var source rand.PCG
	rng := rand.New(&source)
	var built []byte
	for ctx.Err() == nil {
		i, row, ok := l.begin(choose(c.choice))
		if !ok {
			return
		}
		request := &l.plan.Mix[row.Route]
		p := request.Bytes
		if request.Build != nil {
			source.Seed(l.plan.Seed, uint64(i))
			built = request.Build(built[:0], rng, i)
			p = built
		}
		err := c.exchange(ctx, &row, p)
		l.finish(i, row)
		var local net.Addr
		if c.nc != nil {
			local = c.nc.LocalAddr()
		}
		l.incidents.add(i, row.Outcome, local, c.buf[:c.seen], err)
		if !row.Outcome.Answered() || row.Has(LastAnswer) {
			c.hangUp()
		}
		if row.Outcome != OK {
			c.pause(ctx)
		}
	}
}

func (c *client) pause(ctx context.Context) {
	t := time.NewTimer(c.loop.plan.Pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (c *client) hangUp() {
	if c.nc != nil {
		c.stop()
		_ = c.nc.Close()
		c.nc = nil
		c.loop.plan.Live.conns.Add(-1)
	}
}

// exchange sends a request and takes its answer; it decides the row. The error explains an outcome that is not an answer.
func (c *client) exchange(ctx context.Context, row *Row, p []byte) error {
	c.seen = 0
	until := c.loop.at(row.Intended + c.loop.plan.Deadline)
	if err := c.connect(ctx, row, until); err != nil {
		row.Outcome = unopened(err)
		return err
	}
	_ = c.nc.SetDeadline(until)
	row.Written = c.loop.now()
	n, failed := c.nc.Write(p)
	if n == 0 {
		row.Written = 0
	}
	err := c.answer(row, head(p)) // even when writing failed: the answer may have come before the reset
	if err != nil && ctx.Err() != nil {
		row.Outcome = Cancelled
	}
	return errors.Join(err, failed)
}

func (c *client) connect(ctx context.Context, row *Row, until time.Time) error {
	if c.nc != nil {
		row.Flags |= Reused
		return nil
	}
	d := net.Dialer{KeepAlive: -1, Deadline: until}
	nc, err := d.DialContext(ctx, "tcp", c.loop.addr)
	if err != nil {
		return err
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = nc.Close()
	})
	c.nc, c.stop = nc, func() {
		if !stop() {
			<-closed
		}
	}
	c.loop.plan.Live.conns.Add(1)
	return nil
}

// answer reads until the answer is complete or cannot become so.
func (c *client) answer(row *Row, head bool) error {
	c.parser.Reset(head)
	defer func() { row.answer(&c.parser) }()
	for {
		n, err := c.nc.Read(c.buf[c.seen:])
		if n > 0 && row.First == 0 {
			row.First = c.loop.now()
		}
		used, malformed := c.parser.Feed(c.buf[c.seen : c.seen+n])
		c.seen = min(c.seen+n, keepHead)
		switch {
		case malformed != nil:
			row.Outcome = Malformed
			return malformed
		case c.parser.Done():
			row.Outcome = answered(c.parser.Status)
			c.parser.Close = c.parser.Close || used < n // what follows was not asked for
			return nil
		case err == nil:
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			row.Outcome = Timeout
			return err
		}
		row.Outcome = lost(err, row.First != 0)
		if row.Outcome == Truncated && c.parser.End() == nil {
			row.Outcome = answered(c.parser.Status)
			return nil
		}
		return err
	}
}
