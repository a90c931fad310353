package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/plimsoll-go/plimsoll/problem"
)

// What a caller of this service reads about a failure of a dependency. Names and addresses are for the log.
const (
	detailLate    = "a dependency did not answer in time"
	detailNoTime  = "no time is left to call a dependency"
	detailGivenUp = "a call to a dependency was given up"
	detailBroken  = "a dependency failed"
)

// failure makes the error that a caller sees of what an attempt or its body ended with. An error that the request's own
// body brought along, such as that of a caller's body over its limit, keeps its kind.
func (t *transport) failure(r *http.Request, o outcome, cause, err error) error {
	var own *problem.Error
	var ownLimit *http.MaxBytesError
	if errors.As(err, &own) || errors.As(err, &ownLimit) {
		return problem.From(err)
	}
	var network net.Error
	switch {
	case o == slow, o == spent:
		return t.wrap(problem.Deadline, detailLate, r, cause)
	case o == gone: // the caller's context was cancelled
		return t.wrap(problem.Deadline, detailGivenUp, r, cause)
	case o == unsent:
		err = &notExecutedError{err}
	}
	if errors.As(err, &network) && network.Timeout() { // of the dial or the handshake
		return t.wrap(problem.Deadline, detailLate, r, err)
	}
	return t.wrap(problem.Upstream, detailBroken, r, err)
}

// ErrNotExecuted is in the chain of the error of every call that certainly took no effect at the dependency: it was not
// sent, or the dependency says that it has not executed it.
var ErrNotExecuted = errors.New("the dependency has not executed the call")

// notExecutedError adds ErrNotExecuted to a chain, and nothing to a text.
type notExecutedError struct{ error }

// Unwrap returns both.
func (e *notExecutedError) Unwrap() []error { return []error{e.error, ErrNotExecuted} }

// misconfigured is the failure of every call of a client whose configuration is not valid.
func (t *transport) misconfigured() error {
	return problem.Wrap(problem.Internal, "", &notExecutedError{t.fault})
}

// notBegun is the failure of a call for which there is no time, or nobody to wait for it.
func (t *transport) notBegun(r *http.Request, cause error) error {
	detail := detailGivenUp
	if errors.Is(cause, context.DeadlineExceeded) {
		detail = detailNoTime
	}
	return t.wrap(problem.Deadline, detail, r, &notExecutedError{fmt.Errorf("not begun: %w", cause)})
}

// wrap adds what was called. The query is left out: credentials are found there.
func (t *transport) wrap(kind problem.Kind, detail string, r *http.Request, cause error) error {
	return problem.Wrap(kind, detail, fmt.Errorf("call %s: %s %s: %w", t.config.Name, r.Method, r.URL.EscapedPath(), cause))
}
