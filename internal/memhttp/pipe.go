package memhttp

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// capacity is how much one direction holds before a writer waits: enough that small messages cross without a reader,
// as in a socket's buffer, and little enough that a test fills it at once.
const capacity = 64 << 10

// pipe is one direction of a connection.
type pipe struct {
	mu      sync.Mutex
	changed *sync.Cond // of anything below
	data    []byte
	ended   bool // the writer will write no more
	left    bool // the reader will read no more
	unsent  deadline
	unread  deadline
}

func newPipe() *pipe {
	p := &pipe{}
	p.changed = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.left:
			return 0, net.ErrClosed
		case p.unread.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p.data) > 0:
			n := copy(b, p.data)
			p.data = p.data[n:]
			p.changed.Broadcast()
			return n, nil
		case p.ended:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		p.changed.Wait()
	}
}

func (p *pipe) write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.ended:
			return n, net.ErrClosed
		case p.unsent.passed:
			return n, os.ErrDeadlineExceeded
		case p.left:
			return n, syscall.EPIPE
		case len(b) == 0:
			return n, nil
		}
		if room := min(capacity-len(p.data), len(b)); room > 0 {
			p.data = append(p.data, b[:room]...)
			b = b[room:]
			n += room
			p.changed.Broadcast()
			continue
		}
		p.changed.Wait()
	}
}

// end is the writer's close: what was written can still be read.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.unsent.stop()
	p.changed.Broadcast()
}

// leave is the reader's close.
func (p *pipe) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = true
	p.data = nil
	p.unread.stop()
	p.changed.Broadcast()
}

// deadline is one side's deadline on a pipe, guarded by the pipe's mutex.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// set moves d, one of p's deadlines. The zero time means none.
func (p *pipe) set(d *deadline, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.stop()
	d.passed = false
	if !t.IsZero() {
		left := time.Until(t)
		d.passed = left <= 0
		if !d.passed {
			var timer *time.Timer
			timer = time.AfterFunc(left, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				if d.timer == timer {
					d.passed = true
					p.changed.Broadcast()
				}
			})
			d.timer = timer
		}
	}
	p.changed.Broadcast()
}
