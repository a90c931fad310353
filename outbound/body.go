package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/plimsoll-go/plimsoll/config"
)

// ErrTooLarge is in the chain of the error of an answer that is over the limit, by its Content-Length or as read.
var ErrTooLarge = errors.New("the answer is too large")

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: over the limit of %v", ErrTooLarge, config.Bytes(limit))
}

// answer is the body of a response, which is a part of the call: bounded in size and by the call's deadline.
type answer struct {
	attempt *attempt
	src     io.ReadCloser
	limit   int64
	read    int64 // bytes, so far
	status  int
	err     error // what Read returns from now on
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
		a.fail(tooLarge(a.limit))
	case err == io.EOF:
		a.err = err
		a.attempt.end(a.status, nil, answered)
	case err != nil:
		a.fail(err)
	}
	a.read += int64(n)
	return n, a.err
}

// fail ends the call with the error that the reader sees.
func (a *answer) fail(err error) {
	c := a.attempt.call
	o := outcomeOfError(context.Cause(a.attempt.Context), err)
	a.err = c.transport.failure(c.request, o, context.Cause(a.attempt.Context), err)
	a.attempt.end(a.status, a.err, o)
}

// Close ends the call. Like that of net/http, it may be called while another goroutine reads.
func (a *answer) Close() error {
	err := a.src.Close()
	a.attempt.end(a.status, nil, answered)
	return err
}

var errSwitch = errors.New("the dependency switches protocols, which this transport does not follow")

// acceptable refuses an answer by its head.
func (t *transport) acceptable(r *http.Request, res *http.Response) error {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return errSwitch
	case r.Method != http.MethodHead && res.ContentLength > t.config.MaxResponse:
		return tooLarge(t.config.MaxResponse)
	}
	return nil
}
