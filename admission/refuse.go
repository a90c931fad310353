package admission

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// How much of a refused request's body is read to use the connection again: as
// much as net/http itself reads, for so long.
const (
	leftoverBytes = 256 << 10
	leftoverTime  = 5 * time.Second
	closingTime   = 500 * time.Millisecond // where the connection is closed anyway
)

// answer is a refusal that was built beforehand. Its values are shared by all
// answers and never changed.
type answer struct {
	status   int
	body     []byte
	length   []string
	pushback []string // for answers without Retry-After
}

const (
	reducedCapacity = `{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",` +
		`"title":"Temporary Reduced Capacity","status":503,` +
		`"detail":"the service is at its limit; the request was not executed"}` + "\n"
	outOfTime = `{"type":"about:blank","title":"Deadline exceeded","status":504,` +
		`"detail":"less time is left than the work takes; the request was not executed"}` + "\n"
)

var (
	shedAnswer   = newAnswer(http.StatusServiceUnavailable, reducedCapacity, "")
	doomedAnswer = newAnswer(http.StatusGatewayTimeout, outOfTime, "noretry")

	contentType = []string{problem.ContentType}
	executed    = []string{"no"}
	retries     = newRetries()
)

func newAnswer(status int, body, pushback string) *answer {
	return &answer{status: status, body: []byte(body), length: []string{strconv.Itoa(len(body))}, pushback: []string{pushback}}
}

// retry is one Retry-After with the pushback that says the same.
type retry struct{ after, pushback []string }

// newRetries are the answers that RetryAfter can give, by seconds.
func newRetries() (all [2*longestRetry + 1]retry) {
	for s := range all {
		all[s] = newRetry(s)
	}
	return all
}

func newRetry(seconds int) retry {
	return retry{
		after:    []string{strconv.Itoa(seconds)},
		pushback: []string{"retry;after=" + strconv.Itoa(seconds*1000)},
	}
}

// Refuse answers a request that was not executed, with an error of Hopeless or
// Acquire: 504 for ErrDoomed, otherwise 503 with Retry-After (retryAfter seconds,
// at least 1). The answer is a prebuilt problem (RFC 9457) without a trace id,
// says Plimsoll-Executed: no, and is sent before the request's body is read. The
// connection is kept; then Refuse reads what is left of a body, and closes the
// connection after 256 KiB or 5 s without its end.
//
// Plimsoll-Pushback is "retry;after=MILLISECONDS" or "noretry".
func Refuse(w http.ResponseWriter, r *http.Request, err error, retryAfter int) {
	h := w.Header()
	a := shedAnswer
	if errors.Is(err, ErrDoomed) {
		a = doomedAnswer
		h["Plimsoll-Pushback"] = a.pushback
	} else {
		retryAfter = max(retryAfter, 1)
		again := retry{}
		if retryAfter < len(retries) {
			again = retries[retryAfter]
		} else {
			again = newRetry(retryAfter)
		}
		h["Retry-After"], h["Plimsoll-Pushback"] = again.after, again.pushback
	}
	h["Content-Type"], h["Content-Length"], h["Plimsoll-Executed"] = contentType, a.length, executed
	finish := func() {}
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		finish = beforeBody(w, r)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // who does not read a refusal does not matter
	finish()
}

// beforeBody has the answer sent before the body is read, which net/http would
// not do: it reads up to 256 KiB first, for as long as a slow client likes. What
// is to be called after the answer reads the body instead, bounded in time and
// size, so that the connection can be used again.
//
// Where the connection is going to be closed net/http answers at once, reads for a
// moment, and waits before it closes, so that closing does not destroy the answer
// on its way.
func beforeBody(w http.ResponseWriter, r *http.Request) (finish func()) {
	control := http.NewResponseController(w)
	leftover := leftoverTime
	closing := r.ContentLength > leftoverBytes || r.Header["Expect"] != nil || w.Header().Get("Connection") == "close"
	if closing {
		leftover = closingTime
		// It does not always wait by itself. A read over this limit is how it
		// is told to.
		_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("-")), 0).Read(make([]byte, 1))
	}
	// Without a deadline, on a writer that offers none, the answer is right,
	// if late.
	err := control.SetReadDeadline(time.Now().Add(leftover))
	if err != nil || closing || control.EnableFullDuplex() != nil {
		return func() {}
	}
	return func() {
		if control.Flush() == nil {
			if _, err := io.CopyN(io.Discard, r.Body, leftoverBytes+1); errors.Is(err, io.EOF) {
				return
			}
		}
		// What is left of the body must not be taken for the next request.
		conn, _, err := control.Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = conn.Close() // the answer was sent; the rest is of no use
	}
}
