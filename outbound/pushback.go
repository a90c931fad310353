package outbound

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers by which an answer says whether and when to call again.
const (
	headerPushback     = "Plimsoll-Pushback"      // "retry" or "noretry", each with ";after=" and milliseconds
	headerGRPCPushback = "Grpc-Retry-Pushback-Ms" // milliseconds; below zero or unreadable: do not retry (gRFC A6)
	headerRetryAfter   = "Retry-After"            // seconds or a date (RFC 9110, section 10.2.3)
)

// pushback is what an answer says about calling again.
type pushback struct {
	given   bool // it says something
	noRetry bool // not to
	after   time.Duration
}

// pushbackOf reads the headers of an answer that was received at the given time. The most exact one that is there
// counts: Plimsoll-Pushback, then gRPC's, then Retry-After. What is malformed counts as absent, except in gRPC's, by
// its rule.
func pushbackOf(h http.Header, now time.Time) pushback {
	if v := h[headerPushback]; len(v) == 1 {
		if p, ok := parsePushback(v[0]); ok {
			return p
		}
	}
	if v := h[headerGRPCPushback]; len(v) > 0 {
		return parseGRPCPushback(v[0])
	}
	if v := h[headerRetryAfter]; len(v) == 1 {
		if after, ok := parseRetryAfter(v[0], now); ok {
			return pushback{given: true, after: after}
		}
	}
	return pushback{}
}

// parsePushback reads "retry", "noretry", "retry;after=250".
func parsePushback(v string) (pushback, bool) {
	word, parameters, more := strings.Cut(v, ";")
	p := pushback{given: true}
	switch strings.TrimSpace(word) {
	case "retry":
	case "noretry":
		p.noRetry = true
	default:
		return pushback{}, false
	}
	for more {
		var parameter string
		parameter, parameters, more = strings.Cut(parameters, ";")
		if digits, ok := strings.CutPrefix(strings.TrimSpace(parameter), "after="); ok {
			after, good := parseCount(digits, time.Millisecond)
			if !good {
				return pushback{}, false
			}
			p.after = after
		}
	}
	return p, true
}

func parseGRPCPushback(v string) pushback {
	after, ok := parseCount(v, time.Millisecond)
	return pushback{given: true, noRetry: !ok, after: after}
}

func parseRetryAfter(v string, now time.Time) (time.Duration, bool) {
	if after, ok := parseCount(v, time.Second); ok {
		return after, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}

// longestAfter is what a longer time is taken for: no call lasts so long.
const longestAfter = 24 * time.Hour

// parseCount reads a whole number of units, of digits only.
func parseCount(v string, unit time.Duration) (time.Duration, bool) {
	if v == "" || len(v) > 15 || strings.Trim(v, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n > int64(longestAfter/unit) {
		return longestAfter, err == nil
	}
	return time.Duration(n) * unit, true
}
