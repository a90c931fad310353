package budget

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// body stands before a request body that still comes from the connection, so that a handler that outlives its request
// does not read on, and so that it is known whether anything of the request is left on the connection.
type body struct {
	real io.ReadCloser

	mu     sync.Mutex
	shut   bool
	inside int           // calls that are in the real body
	atEOF  bool          // the real body was read to its end
	left   chan struct{} // closed when the last call has left; nil until somebody waits
}

// Read reads from the real body until the request is over.
func (b *body) Read(p []byte) (n int, err error) {
	if !b.enter() {
		return 0, http.ErrHandlerTimeout
	}
	defer func() { b.leave(errors.Is(err, io.EOF)) }() // net/http's body may panic
	return b.real.Read(p)
}

// Close closes the real body, which on HTTP/1.1 reads on to find the request's end.
func (b *body) Close() error {
	if !b.enter() {
		return nil
	}
	defer b.leave(false)
	return b.real.Close()
}

func (b *body) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		return false
	}
	b.inside++
	return true
}

func (b *body) leave(atEOF bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inside--
	b.atEOF = b.atEOF || atEOF
	if b.inside == 0 && b.left != nil {
		close(b.left)
		b.left = nil
	}
}

// end lets no further call in and reports whether the request may have a rest on the connection.
func (b *body) end() (unread bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut = true
	return b.real != nil && !b.atEOF
}

// busy reports whether a call is still in the real body.
func (b *body) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inside > 0
}

// wait returns when no call is in the real body any more, or after the time limit.
func (b *body) wait(limit time.Duration) {
	b.mu.Lock()
	if b.inside == 0 {
		b.mu.Unlock()
		return
	}
	left := make(chan struct{})
	b.left = left
	b.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-left:
	case <-timer.C:
	}
}

// unread reports whether the request may have a rest on the connection.
func (b *body) unread() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.real != nil && !b.atEOF
}
