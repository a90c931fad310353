package intake

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/plimsoll-go/plimsoll/problem"
)

// The errors that do not depend on the request. They are never changed.
var (
	errExhausted = &problem.Error{
		Kind:   problem.Unavailable,
		Type:   "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
		Detail: "too much is being uploaded at once; the request was not executed",
		Header: http.Header{"Retry-After": {"1"}, "Plimsoll-Executed": {"no"}},
	}
	errSlow = problem.New(problem.Timeout, fmt.Sprintf("the body came slower than %d bytes a second", minimum))
)

func tooLarge(most int64) *problem.Error {
	return problem.New(problem.TooLarge, fmt.Sprintf("the body is larger than the %d bytes that this route takes", most))
}

// classify makes a problem of whatever reading a body failed with.
func classify(err error) *problem.Error {
	var (
		known    *problem.Error
		overMost *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &overMost): // a limit that somebody else set around us
		return tooLarge(overMost.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.Wrap(problem.Timeout, "the body did not arrive in time", err)
	default:
		return problem.Wrap(problem.Invalid, "the body broke off or is malformed", err)
	}
}
