package outbound

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// StatusError is an answer of another status than was wanted. A caller that knows what a status of this dependency
// means looks for it with [errors.As]; anywhere else it is a [*problem.Error] of the kind Upstream, or Deadline if
// the dependency said that it was late.
type StatusError struct {
	Dependency string
	Method     string
	Status     int
	Header     http.Header // of the answer

	problem *problem.Error
}

// Error names the call and the status, and nothing of the answer's body.
func (e *StatusError) Error() string {
	return fmt.Sprintf("call %s: %s: status %d", e.Dependency, e.Method, e.Status)
}

// Unwrap returns the error as a [*problem.Error], whose cause has the beginning of the answer's body.
func (e *StatusError) Unwrap() error { return e.problem }

// How much of an error's body is kept, how long it is waited for, and how much of the rest is read so that its
// connection can be kept.
const (
	excerptBytes = 256
	excerptTime  = 100 * time.Millisecond
	shortBody    = 64 << 10
)

// statusError reads the beginning of the answer and drops the rest.
func (t *transport) statusError(r *http.Request, res *http.Response) error {
	enough := time.AfterFunc(excerptTime, func() { _ = res.Body.Close() })
	defer enough.Stop()
	excerpt, _ := io.ReadAll(io.LimitReader(res.Body, excerptBytes)) // the status stands, however its body ends
	_, _ = io.CopyN(io.Discard, res.Body, shortBody)
	kind, detail := problem.Upstream, detailBroken
	if res.StatusCode == http.StatusGatewayTimeout || res.StatusCode == http.StatusRequestTimeout {
		kind, detail = problem.Deadline, detailLate
	}
	failed := &StatusError{Dependency: t.config.Name, Method: r.Method, Status: res.StatusCode, Header: res.Header}
	cause := fmt.Errorf("call %s: %s %s: status %d: %s", t.config.Name, r.Method, r.URL.EscapedPath(), res.StatusCode, printable(excerpt))
	failed.problem = problem.Wrap(kind, detail, cause)
	return failed
}

// printable makes text of what a dependency sent, for a log.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '�' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), " "))
}
