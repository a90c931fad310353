// Package problem is the one way an error leaves a service: a kind, a detail
// that is safe to show, and a cause that is only logged, written as RFC 9457
// problem details.
//
// An error that was never classified is Internal: the caller sees a 500 and a
// trace id, the log sees the cause.
package problem

import (
	"context"
	"errors"
	"net/http"
)

// Error is an error that may be shown to a caller.
type Error struct {
	Kind   Kind
	Detail string // shown; empty: only the kind's title is shown
	Cause  error  // logged, never shown; may be nil

	// Type is the problem's type URI. Empty: "about:blank", which says that
	// the status says it all.
	Type string

	// Fields names what was wrong where, all faults at once.
	Fields []Field

	// Header is added to the answer, for example Allow or Retry-After.
	Header http.Header
}

// Field is one fault in the input.
type Field struct {
	Pointer string `json:"pointer,omitempty"` // RFC 6901 JSON pointer into the body, "" for all of it
	Name    string `json:"name,omitempty"`    // parameter or header, when the fault is not in the body
	Detail  string `json:"detail"`
}

// New makes an error whose detail is shown to the caller.
func New(k Kind, detail string) *Error { return &Error{Kind: k, Detail: detail} }

// Wrap makes an error whose detail is shown and whose cause is only logged.
func Wrap(k Kind, detail string, cause error) *Error {
	return &Error{Kind: k, Detail: detail, Cause: cause}
}

// Error is for logs: it holds the cause.
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// WithHeader returns a copy of e whose answer carries the header.
func (e *Error) WithHeader(key, value string) *Error {
	c := *e
	c.Header = e.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Set(key, value)
	return &c
}

// From classifies any error: an *Error in its chain as it is, a deadline as
// Deadline, a body over http.MaxBytesReader's limit as TooLarge, anything else
// as Internal with err as the cause. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var p *Error
	if errors.As(err, &p) {
		return p
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Deadline, "the request's budget is spent", err)
	case errors.As(err, &tooLarge):
		return Wrap(TooLarge, "the body is over the limit of this route", err)
	default:
		return Wrap(Internal, "", err)
	}
}
