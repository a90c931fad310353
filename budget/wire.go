package budget

import (
	"math"
	"net/http"
	"time"
)

// Header carries the budget: the milliseconds that are left, an RFC 9651 integer, rounded down, 0 when it is over.
// It is relative, so no two clocks are compared.
const Header = "Plimsoll-Budget"

// The deadlines of other ecosystems that Inbound understands, as net/http spells them.
const (
	headerGRPC    = "Grpc-Timeout"                   // gRPC over HTTP/2: 1 to 8 digits and a unit
	headerConnect = "Connect-Timeout-Ms"             // Connect protocol: up to 10 digits
	headerEnvoy   = "X-Envoy-Expected-Rq-Timeout-Ms" // set by Envoy on requests to an upstream
)

// Bounds of what is looked at, whatever a caller sends: lines of one header, bytes of a line. What is beyond them
// counts as malformed.
const (
	maxValues = 8
	maxValue  = 256
)

// forever is what a wire value that overflows time.Duration means.
const forever time.Duration = math.MaxInt64

// Inbound is that of a Reader without other headers, whose count nobody asks for: it reads Plimsoll-Budget,
// grpc-timeout, Connect-Timeout-Ms and X-Envoy-Expected-Rq-Timeout-Ms.
func Inbound(h http.Header) (d time.Duration, ok bool) {
	var r Reader
	return r.Inbound(h)
}

// parseBudget reads milliseconds as an RFC 9651 integer with any parameters. Below zero is over, like zero.
func parseBudget(v string) (time.Duration, bool) {
	ms, ok := parseInteger(v)
	return duration(uint64(max(0, ms)), time.Millisecond), ok
}

func parseConnect(v string) (time.Duration, bool) { return parseDigits(v, 10, time.Millisecond) }

// parseEnvoy takes as many digits as an RFC 9651 integer has; Envoy states no limit.
func parseEnvoy(v string) (time.Duration, bool) { return parseDigits(v, 15, time.Millisecond) }

// parseGRPC reads a grpc-timeout; the case of the unit matters ("m" is ms, "M" is minutes).
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
func parseGRPC(v string) (time.Duration, bool) {
	if v == "" {
		return 0, false
	}
	var unit time.Duration
	switch v[len(v)-1] {
	case 'H':
		unit = time.Hour
	case 'M':
		unit = time.Minute
	case 'S':
		unit = time.Second
	case 'm':
		unit = time.Millisecond
	case 'u':
		unit = time.Microsecond
	case 'n':
		unit = time.Nanosecond
	default:
		return 0, false
	}
	return parseDigits(v[:len(v)-1], 8, unit)
}

// parseDigits reads 1 to most digits as a number of units.
func parseDigits(v string, most int, unit time.Duration) (time.Duration, bool) {
	if v == "" || len(v) > most {
		return 0, false
	}
	var n uint64
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return 0, false
		}
		n = n*10 + uint64(v[i]-'0')
	}
	return duration(n, unit), true
}

func duration(n uint64, unit time.Duration) time.Duration {
	if n > uint64(forever/unit) {
		return forever
	}
	return time.Duration(n) * unit
}
