package budget

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// body stands before a request body that still comes from the connection, so that a handler that outlives its request
// does not read on, and so that it is known whether anything of the request is left on the connection.
type body struct {
	real  io.ReadCloser // nil: the request has no such body
	gate  gate
	atEOF atomic.Bool               // the real body was read to its end
	last  atomic.Pointer[time.Time] // no read may begin after it; nil: until the gate is shut
}

// Read reads from the real body until the request is over.
func (b *body) Read(p []byte) (int, error) {
	if !b.gate.enter() {
		return 0, http.ErrHandlerTimeout
	}
	defer b.gate.leave() // net/http's body may panic
	if last := b.last.Load(); last != nil && time.Now().After(*last) {
		return 0, http.ErrHandlerTimeout
	}
	n, err := b.real.Read(p)
	if errors.Is(err, io.EOF) {
		b.atEOF.Store(true)
	}
	return n, err
}

// Close closes the real body, which on HTTP/1.1 reads on to find the request's end.
func (b *body) Close() error {
	if !b.gate.enter() {
		return nil
	}
	defer b.gate.leave()
	return b.real.Close()
}

// unread reports whether the request may have a rest on the connection.
func (b *body) unread() bool { return b.real != nil && !b.atEOF.Load() }
