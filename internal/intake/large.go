package intake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// large is a body that the handler reads as it arrives.
type large struct {
	w         http.ResponseWriter
	raw       io.Closer
	src       io.Reader
	left, max int64
	err       error // what Read returns from now on

	begun  *memory   // what was read before; nil: nothing
	zipped *inflater // nil: it is not compressed
	closed atomic.Bool
}

// newLarge is a body of at most o.Max bytes that come from src, after those that
// were begun.
func newLarge(w http.ResponseWriter, r *http.Request, o Options, src io.Reader, begun *memory) *large {
	l := &large{w: w, raw: r.Body, src: src, left: o.Max, max: o.Max, begun: begun}
	l.zipped, _ = src.(*inflater)
	if begun != nil {
		l.src = io.MultiReader(bytes.NewReader(begun.buf), bytes.NewReader(begun.more[:]), src)
	}
	return l
}

// Read returns the errors that Pool.Read is documented to return.
func (l *large) Read(p []byte) (int, error) {
	switch {
	case l.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case l.err != nil:
		return 0, l.err
	case len(p) == 0:
		return 0, nil
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1] // one more shows that the body is too large
	}
	n, err := l.src.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), tooLarge(l.max)
	}
	l.left -= int64(n)
	if err != nil {
		l.err = l.end(err)
	}
	return n, l.err
}

// end is what Read returns after the last byte, or after an error.
func (l *large) end(err error) error {
	deadline := time.Now() // what is left will not be read: net/http must not wait for it before it answers
	if errors.Is(err, io.EOF) {
		deadline = time.Time{} // as after a small body
	}
	if !l.closed.Load() { // the connection may be another request's
		setReadDeadline(l.w, deadline)
	}
	if deadline.IsZero() {
		return io.EOF
	}
	return classify(err)
}

// Close ends the reading. net/http closes the connection when there is more.
func (l *large) Close() error {
	l.closed.Store(true)
	return l.raw.Close()
}

// release gives what the body takes of the pool back.
func (l *large) release() {
	l.closed.Store(true)
	if l.begun != nil {
		l.begun.release()
	}
	if l.zipped != nil {
		l.zipped.release()
	}
}
