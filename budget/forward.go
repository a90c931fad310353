package budget

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// The companions of the budget on the wire. They are believed from callers inside the trust boundary only.
const (
	HeaderClass   = "Plimsoll-Class"   // the route.Criticality of the request that the call is for
	HeaderAttempt = "Plimsoll-Attempt" // how often it was tried before, anywhere above; 0 or absent: never
)

// Hop is one call to a destination, as far as its headers go. The zero value is a first attempt over a network about
// which nothing is known.
type Hop struct {
	Network *Network // of the destination; nil: nothing was measured
	Attempt int      // of this call, from 0

	// Values is memory for the values of headers, which is then not allocated. nil: it is.
	Values *[3]string
}

// value is the nth value in the memory that there is for it.
func (p Hop) value(n int, v string) []string {
	if p.Values == nil {
		return []string{v}
	}
	p.Values[n] = v
	return p.Values[n : n+1 : n+1]
}

// Reserve is what this hop keeps of the time that is left: 1 ms or 2 %, whichever is more, to encode and write what is
// done with the answer.
func Reserve(left time.Duration) time.Duration { return max(time.Millisecond, left/50) }

// Share is what the destination gets of the time that is left: less the Reserve of this hop and what the network
// costs. Less than a millisecond is 0 on the wire, and would be refused there.
func (p Hop) Share(left time.Duration) time.Duration {
	return max(0, left-Reserve(left)-p.Network.Of(left))
}

// Forward is what a call without anything measured says: that of the zero Hop.
func Forward(ctx context.Context, h http.Header) { Hop{}.Forward(ctx, h) }

// Forward sets the headers of a call from its context.
//
// Plimsoll-Budget is the Share of what is left until ctx's deadline, rounded down to milliseconds; on a call that speaks gRPC or Connect grpc-timeout or
// Connect-Timeout-Ms says the same. Without a deadline these stay as they are.
//
// Plimsoll-Class and Plimsoll-Attempt are those of the request that ctx belongs to, the attempt with this call's own
// added; each is left out where there is nothing to say.
func (p Hop) Forward(ctx context.Context, h http.Header) {
	p.name(ctx, h)
	left, ok := Remaining(ctx)
	if !ok {
		return
	}
	ms := p.Share(left).Milliseconds()
	value := p.value(0, strconv.FormatInt(ms, 10))
	h[Header] = value
	switch {
	case speaksGRPC(h):
		h[headerGRPC] = []string{grpcTimeout(ms)}
	case h["Connect-Protocol-Version"] != nil:
		h[headerConnect] = value
	}
}

// name sets the class and the attempt.
func (p Hop) name(ctx context.Context, h http.Header) {
	delete(h, HeaderClass)
	delete(h, HeaderAttempt)
	if class := Class(ctx); class != route.Unset {
		h[HeaderClass] = p.value(1, class.String())
	}
	if n := Attempt(ctx) + p.Attempt; n > 0 {
		h[HeaderAttempt] = p.value(2, strconv.Itoa(min(n, mostAttempts)))
	}
}

func speaksGRPC(h http.Header) bool {
	kind := h["Content-Type"]
	return len(kind) == 1 && strings.HasPrefix(kind[0], "application/grpc")
}

// grpcTimeout writes ms in at most 8 digits, as gRPC has it.
func grpcTimeout(ms int64) string {
	if ms > 99_999_999 { // 27 hours
		return strconv.FormatInt(min(ms/1000, 99_999_999), 10) + "S"
	}
	return strconv.FormatInt(ms, 10) + "m"
}

// mostAttempts is the highest number that Plimsoll-Attempt carries.
const mostAttempts = 99

// ParseAttempt reads Plimsoll-Attempt: an RFC 9651 integer from 0 to 99. ok is false for anything else.
func ParseAttempt(v string) (n int, ok bool) {
	if len(v) > maxValue {
		return 0, false
	}
	parsed, ok := parseInteger(v)
	if !ok || parsed < 0 || parsed > mostAttempts {
		return 0, false
	}
	return int(parsed), true
}
