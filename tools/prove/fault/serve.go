package fault

import (
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// serve does with one call what the script says. kept is false when the
// connection ended with it.
func (c *conn) serve(next *call) (kept bool) {
	if next.fault != nil {
		return c.refuse(next)
	}
	b := c.sink.decide(next.req)
	c.sink.ledger.applied(next.rec, b)
	if !c.work(next, b) || !c.wait(b.Delay) {
		c.end(next, c.outcome(Cancelled, 0))
		return false
	}
	switch b.Act {
	case ActHang:
		return c.hang(next, b)
	case ActResetBefore:
		c.reset()
		c.end(next, c.outcome(Broken, 0))
		return false
	case ActCloseBefore:
		c.end(next, c.outcome(Broken, 0))
		return false
	case ActGarbage:
		return c.garbage(next)
	}
	return c.answer(next, b)
}

// work holds a slot for the service time, for the acts that answer. false: the
// caller left first.
func (c *conn) work(next *call, b Behaviour) bool {
	switch b.Act {
	case ActAnswer, ActTrickle, ActHangMidBody, ActResetMidBody:
	default:
		return c.present()
	}
	s := c.sink
	start, ok := s.slots.acquire(c.left, func(n int) { s.ledger.line(n, 0, s.now()) })
	if !ok {
		return false
	}
	s.ledger.line(0, 1, s.now())
	defer func() { s.ledger.line(0, -1, s.now()) }()
	s.ledger.started(next.rec, s.now())

	finish := start + s.slots.size().service(s.cfg.Seed, next.rec.ID)
	present := c.wait(finish - s.now())
	if !present && s.cfg.KeepWorking && !c.severed {
		s.waitStopped(finish - s.now())
	}
	if !present {
		s.slots.release(min(finish, s.now()))
		return false
	}
	s.slots.release(finish)
	return true
}

// present tells whether there is still someone to answer.
func (c *conn) present() bool {
	select {
	case <-c.left:
		return false
	default:
		return true
	}
}

// wait lets d pass. false: the caller left first.
func (c *conn) wait(d time.Duration) bool {
	if d <= 0 {
		return c.present()
	}
	c.timer.Reset(d)
	select {
	case <-c.timer.C:
		return c.present()
	case <-c.left:
		return false
	}
}

// hold waits until Release. false: the caller left first.
func (c *conn) hold() bool {
	select {
	case <-c.sink.released():
		return c.present()
	case <-c.left:
		return false
	}
}

func (c *conn) hang(next *call, b Behaviour) bool {
	if !c.hold() {
		c.end(next, c.outcome(Cancelled, 0))
		return false
	}
	return c.answer(next, b)
}

// answer writes the answer in the way the act says.
func (c *conn) answer(next *call, b Behaviour) bool {
	cut := b.Act == ActHangMidBody || b.Act == ActResetMidBody
	m := compose(c.out, b, next.req, next.last, cut)
	c.out = m.text[:0]
	whole, first := m.size(), m.size()
	if cut {
		first = m.half()
	}
	var written int64
	var err error
	if b.Act == ActTrickle {
		written, err = c.trickle(&m, b.Rate)
	} else {
		written, err = c.write(&m, first)
	}
	switch {
	case err != nil:
	case b.Act == ActResetMidBody:
		c.reset()
		c.end(next, c.outcome(Broken, written))
		return false
	case b.Act == ActHangMidBody && !c.hold():
		c.end(next, c.outcome(Cancelled, written))
		return false
	case b.Act == ActHangMidBody:
		var rest int64
		rest, err = c.write(&m, whole-first)
		written += rest
	}
	if err != nil {
		c.gone(err)
		c.end(next, c.outcome(Cancelled, written))
		return false
	}
	c.end(next, ending{end: Answered, at: c.sink.now(), written: written})
	if next.last {
		c.linger()
	}
	return !next.last
}

// write sends the next n bytes of the message.
func (c *conn) write(m *message, n int64) (written int64, err error) {
	for n > written && err == nil {
		var k int
		k, err = c.nc.Write(m.next(n - written))
		m.skip(k)
		written += int64(k)
	}
	return written, err
}

// trickle sends the whole message at so many bytes a second, on an absolute
// schedule.
func (c *conn) trickle(m *message, rate int) (written int64, err error) {
	if rate <= 0 {
		rate = 1024
	}
	begun, total := c.sink.now(), m.size()
	for written < total {
		due := int64((c.sink.now()-begun).Seconds()*float64(rate)) + 1
		n, err := c.write(m, min(due, total)-written)
		written += n
		if err != nil {
			return written, err
		}
		next := begun + time.Duration(float64(written)/float64(rate)*float64(time.Second))
		if written < total && !c.wait(max(next-c.sink.now(), 10*time.Millisecond)) {
			return written, errLeft
		}
	}
	return written, nil
}

// errLeft is a departure that is recorded already.
var errLeft = errors.New("the caller left")

func (c *conn) garbage(next *call) bool {
	n, err := c.nc.Write([]byte("\x00\xff\x7fplimsoll plays a broken dependency\xfe\x01\r\n\r\n"))
	if err != nil {
		c.gone(err)
		c.end(next, c.outcome(Cancelled, int64(n)))
		return false
	}
	c.end(next, ending{end: Answered, at: c.sink.now(), written: int64(n)})
	c.linger()
	return false
}

// refuse answers what is no request, and closes.
func (c *conn) refuse(next *call) bool {
	m := compose(c.out, Status(http.StatusBadRequest), Request{}, true, false)
	n, _ := c.write(&m, m.size()) // whether it is read does not change what it was
	c.end(next, ending{end: Malformed, at: c.sink.now(), written: n, fault: next.fault.Error()})
	c.linger()
	return false
}

// linger closes for writing and gives the caller time to read and to close.
func (c *conn) linger() {
	if tcp, ok := c.nc.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		c.wait(lingering)
	}
}

// outcome is the ending of a call that got no whole answer: this, unless the
// caller left before or the sink severed the connection.
func (c *conn) outcome(otherwise End, written int64) ending {
	if c.present() {
		return ending{end: otherwise, at: c.sink.now(), written: written}
	}
	switch {
	case c.severed:
		return ending{end: Severed, at: c.leftAt, written: written}
	case c.how != Stayed:
		return ending{end: Cancelled, departure: c.how, at: c.leftAt, written: written}
	}
	return ending{end: otherwise, at: c.sink.now(), written: written}
}

func (c *conn) end(next *call, e ending) { c.sink.ledger.end(next.rec, e) }

// isExhausted tells that accepting failed for want of descriptors or memory,
// which passes.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}
