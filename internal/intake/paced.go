package intake

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// The slowest that a client may send a stream: minimum bytes a second, once it
// has kept the reader waiting for all of grace. What it sends earns the time
// back, up to grace, so that speed at one time is no licence to stall later.
// Only waiting counts: a handler that does not read costs the client nothing.
const (
	grace   = 5 * time.Second
	minimum = 240
	earned  = time.Second / minimum // by a byte
)

// paced is the body of a stream.
type paced struct {
	src    io.Reader
	w      http.ResponseWriter
	http1  bool
	credit time.Duration // how long it may still keep the reader waiting
	until  time.Time     // the deadline that is set on the connection; zero: none
}

func newPaced(w http.ResponseWriter, r *http.Request) *paced {
	p := &paced{src: r.Body, w: w, http1: r.ProtoMajor == 1, credit: grace}
	if p.http1 {
		p.arm(time.Now()) // also for net/http, which reads what the handler did not
	}
	return p
}

func (p *paced) Read(b []byte) (int, error) {
	start := time.Now()
	p.arm(start)
	n, err := p.src.Read(b)
	p.credit = min(p.credit-time.Since(start)+time.Duration(min(n, int(grace/earned)))*earned, grace)
	if err != nil && p.credit <= 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return n, errSlow
	}
	if !p.http1 {
		// On h2 a deadline ends the stream even while nobody reads.
		setReadDeadline(p.w, time.Time{})
	}
	return n, err
}

// arm sets the deadline for the read that begins. On HTTP/1 one that was set
// before is left alone when it is late by less than a fifth of grace.
func (p *paced) arm(start time.Time) {
	due := start.Add(max(p.credit, 0))
	if p.http1 && !p.until.Before(due) && p.until.Sub(due) < grace/5 {
		return
	}
	p.until = due
	if p.http1 {
		p.until = due.Add(grace / 5)
	}
	setReadDeadline(p.w, p.until)
}
