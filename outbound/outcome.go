package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/plimsoll-go/plimsoll/budget"
)

// outcome is how an attempt ended, as far as it matters for what is done next.
type outcome uint8

// The outcomes. Those from failed on up to broken are the dependency's failures.
const (
	answered outcome = iota // with what stands, whatever its status
	refused                 // the dependency says that it has not executed the request: 503 and Plimsoll-Executed: no
	limited                 // 429: the caller's quota
	hopeless                // 504 and Plimsoll-Executed: no: too little time was left for it
	failed                  // 500, 502, 503 or 504
	unsent                  // there was no connection: nothing was written
	stale                   // a kept-alive connection ended under the request, in a way after which net/http sends it again
	lost                    // the connection ended before there was an answer
	slow                    // the attempt's own time passed
	broken                  // the answer was none that can be used, and another would not be
	spent                   // the call's time passed
	gone                    // the caller left
	faulty                  // the request's own body failed, or it cannot be sent at all
	outcomes
)

var outcomeNames = [outcomes]string{"answered", "refused", "limited", "hopeless", "failed", "unsent", "stale", "lost", "slow", "broken", "spent", "gone", "faulty"}

// String names the outcome for metrics.
func (o outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// useful says that the dependency did its work.
func (o outcome) useful() bool { return o == answered || o == hopeless }

// outcomeOfAnswer classifies an answer by its head.
func outcomeOfAnswer(res *http.Response) outcome {
	notExecuted := saysNotExecuted(res.Header)
	switch {
	case res.StatusCode == http.StatusServiceUnavailable && notExecuted:
		return refused
	case res.StatusCode == http.StatusTooManyRequests:
		return limited
	case res.StatusCode == http.StatusGatewayTimeout && notExecuted:
		return hopeless
	case res.StatusCode == http.StatusInternalServerError, res.StatusCode == http.StatusBadGateway,
		res.StatusCode == http.StatusServiceUnavailable, res.StatusCode == http.StatusGatewayTimeout:
		return failed
	}
	return answered
}

// saysNotExecuted reads Plimsoll-Executed.
func saysNotExecuted(h http.Header) bool {
	v := h[budget.Executed]
	return len(v) == 1 && v[0] == "no"
}

// The causes by which this package itself ends an attempt.
var (
	errSlow   = errors.New("no answer within the attempt's share of the time")
	errStale  = errors.New("a kept-alive connection ended before there was an answer")
	errOutrun = errors.New("another attempt was faster")
)

// outcomeOfError classifies the error of an attempt that has no answer, by what ended its context, if anything did.
func outcomeOfError(cause, err error) outcome {
	var dial *dialError
	switch {
	case errors.Is(cause, errSlow):
		return slow
	case errors.Is(cause, context.DeadlineExceeded):
		return spent
	case cause != nil:
		return gone
	case errors.Is(err, errStale):
		return stale
	case errors.As(err, &dial):
		return unsent
	}
	return outcomeOfConnection(err)
}

// outcomeOfConnection tells a connection that ended from one that had nothing of use to say, which no repetition
// changes: an answer that is no HTTP, headers without end, a certificate of somebody else.
func outcomeOfConnection(err error) outcome {
	var stream streamError
	var network net.Error
	switch {
	case errors.As(err, &stream) && stream.Code == refusedStream:
		return unsent
	case errors.As(err, &stream), errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), isClosed(err):
		return lost
	}
	return broken
}

// streamError has the fields of net/http's own, which errors.As therefore takes it for: an HTTP/2 stream was reset.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error implements error; net/http's has the text.
func (e streamError) Error() string { return "stream reset" }

// refusedStream is the code with which a server says that it has not processed a stream (RFC 9113, section 8.7).
const refusedStream = 7

// isClosed knows the errors of net/http for a connection that the other side has ended, which have no type.
func isClosed(err error) bool {
	text := err.Error()
	return strings.Contains(text, "server closed idle connection") || strings.Contains(text, "http2: client connection lost") ||
		strings.Contains(text, "http2: server sent GOAWAY")
}
