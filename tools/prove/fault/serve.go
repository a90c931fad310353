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
	if next.fault != "" {
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
	first := m.size()
	if cut {
		first = m.half()
	}
	var err error
	if b.Act == ActTrickle {
		err = c.trickle(next, &m, b.Rate)
	} else {
		err = c.write(next, &m, first, Answered)
	}
	switch {
	case err != nil:
	case b.Act == ActResetMidBody:
		c.reset()
		c.end(next, c.outcome(Broken, m.sent))
		return false
	case b.Act == ActHangMidBody && !c.hold():
		err = errLeft
	case b.Act == ActHangMidBody:
		err = c.write(next, &m, m.size(), Answered)
	}
	if err != nil {
		c.gone(err)
		c.end(next, c.outcome(Cancelled, m.sent))
		return false
	}
	if next.last {
		c.linger()
	}
	return !next.last
}

// write sends the next n bytes of the message. The call has ended, as done
// says, once the last piece is handed to the kernel: the caller may have it
// before Write returns, and must not find its call pending then. A write that
// fails leaves it to the caller of write to say how the call ended after all.
func (c *conn) write(next *call, m *message, n int64, done End) error {
	for n > 0 {
		piece := m.next(n)
		if int64(len(piece)) == m.size() {
			c.end(next, ending{end: done, at: c.sink.now(), written: m.sent + m.size(), fault: next.fault})
		}
		k, err := c.nc.Write(piece)
		m.skip(k)
		n -= int64(k)
		if err != nil {
			return err
		}
	}
	return nil
}

// trickle sends the whole message at so many bytes a second, on an absolute
// schedule.
func (c *conn) trickle(next *call, m *message, rate int) error {
	if rate <= 0 {
		rate = 1024
	}
	begun := c.sink.now()
	for {
		due := int64((c.sink.now()-begun).Seconds()*float64(rate)) + 1
		if err := c.write(next, m, min(due-m.sent, m.size()), Answered); err != nil {
			return err
		}
		if m.size() == 0 {
			return nil
		}
		then := begun + time.Duration(float64(m.sent)/float64(rate)*float64(time.Second))
		if !c.wait(max(then-c.sink.now(), 10*time.Millisecond)) {
			return errLeft
		}
	}
}

// errLeft is a departure that is recorded already.
var errLeft = errors.New("the caller left")

func (c *conn) garbage(next *call) bool {
	m := message{text: []byte("\x00\xff\x7fplimsoll plays a broken dependency\xfe\x01\r\n\r\n")}
	if err := c.write(next, &m, m.size(), Answered); err != nil {
		c.gone(err)
		c.end(next, c.outcome(Cancelled, m.sent))
		return false
	}
	c.linger()
	return false
}

// refuse answers what is no request, and closes.
func (c *conn) refuse(next *call) bool {
	m := compose(c.out, Status(http.StatusBadRequest), Request{}, true, false)
	_ = c.write(next, &m, m.size(), Malformed) // whether it is read does not change what it was
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
