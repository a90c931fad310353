package outbound

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/plimsoll-go/plimsoll/config"
)

// ErrTooLarge is in the chain of the error of an answer that is over the limit, by its Content-Length or as read.
var ErrTooLarge = errors.New("the answer is too large")

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: over the limit of %v", ErrTooLarge, config.Bytes(limit))
}

// answer is the body of a response, which is a part of the call: bounded in size and by the call's deadline.
type answer struct {
	src    io.ReadCloser
	limit  int64
	read   int64 // bytes, so far
	status int
	fail   func(error) error // makes the error that the reader sees
	end    func(int, error)  // ends the call, with its status
	once   sync.Once         // of end
	err    error             // what Read returns from now on
}

// Read implements [io.Reader]. After an error it returns that error.
func (a *answer) Read(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	left := a.limit - a.read
	if int64(len(p)) > left+1 { // one more tells an answer at the limit from one over it
		p = p[:left+1]
	}
	n, err := a.src.Read(p)
	switch {
	case int64(n) > left:
		n = int(left)
		a.err = a.fail(tooLarge(a.limit))
		a.finish(a.err)
	case err == io.EOF: // an io.Reader's EOF is not wrapped
		a.err = err
		a.finish(nil)
	case err != nil:
		a.err = a.fail(err)
		a.finish(a.err)
	}
	a.read += int64(n)
	return n, a.err
}

// Close ends the call. Like that of net/http, it may be called while another goroutine reads.
func (a *answer) Close() error {
	err := a.src.Close()
	a.finish(nil)
	return err
}

func (a *answer) finish(err error) {
	a.once.Do(func() { a.end(a.status, err) })
}
