package load

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

const (
	readSize = 4 << 10 // a connection's buffer: thousands of them are open in an overload
	keepHead = 256     // the beginning of an answer that stays in the buffer, as evidence
	nobody   = -1      // no request is on the connection
)

// conn is one connection of a run. Its goroutine always reads, so that the end of an idle connection is seen at once;
// the scheduler writes.
type conn struct {
	run    *run
	nc     *net.TCPConn
	socket *socket
	used   bool // has carried a request, or was opened before the start; touched by whoever took it from the pool

	prev, next *conn // in the ring of idle connections; guarded by pool.mu

	mu      sync.Mutex
	row     int           // index of the request that it carries, or nobody
	until   time.Duration // when the patience of that request ends
	armed   time.Duration // when the read deadline fires; 0: never
	once    bool          // it carries one request only
	writing bool          // a goroutine still writes the request
	over    time.Duration // when the peer ended it while it was idle; 0: it has not
	parser  wire.Parser
}

// carry gives request i to the connection. It returns errStale, and nothing was sent, when the connection has ended.
func (c *conn) carry(i int, p []byte) error {
	r := c.run
	row := &r.rows[i]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != 0 {
		return c.carryBlindlyLocked(i, p)
	}
	row.Written = r.now()
	n, err := c.socket.try(p, c.used && r.plan.Blind == 0)
	if err != nil {
		row.Written = 0
		return errStale
	}
	if c.used {
		row.Flags |= Reused
	}
	c.used = true
	c.row, c.until, c.once = i, row.Intended+r.plan.Deadline, row.Has(Fresh)
	c.parser.Reset(head(p))
	if c.armed == 0 || c.armed > c.until {
		c.armLocked(c.until)
	}
	if n < len(p) {
		c.writing = true
		r.workers.Add(1)
		go c.write(append([]byte(nil), p[n:]...), c.until)
	}
	return nil
}

// carryBlindlyLocked sends on a connection whose end we have not noticed yet, as a client a network away would.
func (c *conn) carryBlindlyLocked(i int, p []byte) error {
	r := c.run
	row := &r.rows[i]
	unnoticed := r.now()-c.over < r.plan.Blind
	if unnoticed {
		row.Written = r.now()
		row.Flags |= Reused | Stale
		_, err := c.socket.try(p, false)
		r.finish(i, lost(err, false))
		r.note(i, c, nil, errStale)
	}
	_ = c.nc.Close()
	r.pool.drop(c)
	if unnoticed {
		return nil
	}
	return errStale
}

// write sends what the kernel did not take at once. When it fails, so does reading.
func (c *conn) write(p []byte, until time.Duration) {
	defer c.run.workers.Done()
	_ = c.nc.SetWriteDeadline(c.run.at(until))
	_, err := c.nc.Write(p)
	_ = c.nc.SetWriteDeadline(time.Time{}) // or the scheduler's next write would find it passed
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = err != nil // a request that was cut short leaves the connection unusable
}

// serve reads until the connection ends.
func (c *conn) serve() {
	defer c.run.workers.Done()
	buf := make([]byte, readSize)
	kept := 0
	for {
		n, err := c.nc.Read(buf[kept:])
		next := c.step(buf, kept, n, err)
		switch next {
		case wait:
			kept = min(kept+n, keepHead)
			continue
		case rest:
			kept = 0
			if c.run.pool.put(c) {
				continue
			}
		case blind:
			return // it stays in the ring until it is used once more, or the run ends
		}
		_ = c.nc.Close()
		c.run.pool.drop(c)
		return
	}
}

// next is what becomes of a connection after a read.
type next uint8

const (
	end   next = iota // close it
	wait              // read on
	rest              // it is idle again
	blind             // it has ended, and nobody is to notice
)

// step takes what a read returned: buf[kept:kept+n] is new.
func (c *conn) step(buf []byte, kept, n int, err error) next {
	now := c.run.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		if c.row == nobody {
			return end // bytes that nobody asked for
		}
		if after := c.answerLocked(now, buf, kept, n); after != wait {
			return after
		}
	}
	switch {
	case err == nil:
		return wait
	case errors.Is(err, os.ErrDeadlineExceeded):
		return c.alarmLocked(now, buf[:kept+n])
	case c.row != nobody:
		c.endLocked(buf[:kept+n], err)
		return end
	case c.run.plan.Blind > 0 && !errors.Is(err, net.ErrClosed):
		c.over = now
		return blind
	}
	return end
}

// answerLocked feeds the parser.
func (c *conn) answerLocked(now time.Duration, buf []byte, kept, n int) next {
	r, i := c.run, c.row
	row := &r.rows[i]
	if row.First == 0 {
		row.First = now
	}
	used, err := c.parser.Feed(buf[kept : kept+n])
	switch {
	case err != nil:
		row.answer(&c.parser)
		r.finish(i, Malformed)
		r.note(i, c, buf[:kept+n], err)
		return end
	case !c.parser.Done():
		return wait
	}
	c.completeLocked(buf[:kept+n])
	if c.parser.Close || c.once || c.writing || used < n {
		return end
	}
	return rest
}

func (c *conn) completeLocked(seen []byte) {
	r, i := c.run, c.row
	row := &r.rows[i]
	row.answer(&c.parser)
	r.finish(i, answered(c.parser.Status))
	r.note(i, c, seen, nil)
	c.row = nobody
}

// alarmLocked handles the read deadline, which is left standing from one request to the next.
func (c *conn) alarmLocked(now time.Duration, seen []byte) next {
	if c.row == nobody {
		c.armLocked(0)
		return wait
	}
	if now < c.until {
		c.armLocked(c.until)
		return wait
	}
	r, i := c.run, c.row
	r.rows[i].answer(&c.parser)
	r.finish(i, Timeout)
	r.note(i, c, seen, nil)
	return end
}

// endLocked decides a request whose connection has ended.
func (c *conn) endLocked(seen []byte, err error) {
	r, i := c.run, c.row
	row := &r.rows[i]
	if errors.Is(err, net.ErrClosed) {
		row.answer(&c.parser)
		r.finish(i, Cancelled)
		return
	}
	outcome := lost(err, row.First != 0)
	if outcome == Truncated && c.parser.End() == nil {
		c.completeLocked(seen)
		return
	}
	row.answer(&c.parser)
	r.finish(i, outcome)
	r.note(i, c, seen, err)
}

// armLocked sets the read deadline; 0 takes it away.
func (c *conn) armLocked(at time.Duration) {
	c.armed = at
	if at == 0 {
		_ = c.nc.SetReadDeadline(time.Time{})
		return
	}
	_ = c.nc.SetReadDeadline(c.run.at(at))
}
