package telemetry

import (
	"context"
	"encoding/hex"
	"net/http"

	"go.opentelemetry.io/otel/trace"
)

// The header names of W3C Trace Context (https://www.w3.org/TR/trace-context-2/)
// as net/http spells them.
const (
	headerTraceparent = "Traceparent"
	headerTracestate  = "Tracestate"
)

const (
	traceparentLen = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	flagsKnown     = trace.FlagsSampled | trace.FlagsRandom
)

// remoteParent is the caller's span, or an invalid context when the caller sent
// none, more than one, or one that W3C Trace Context calls invalid. A bad
// tracestate never makes a good traceparent bad.
func remoteParent(h http.Header) trace.SpanContext {
	values := h[headerTraceparent]
	if len(values) != 1 {
		return trace.SpanContext{}
	}
	parent, ok := parseTraceparent(values[0])
	if !ok {
		return trace.SpanContext{}
	}
	parent.TraceState = parseTracestate(h[headerTracestate])
	parent.Remote = true
	return trace.NewSpanContext(parent)
}

// parseTraceparent reads version-traceid-parentid-flags by the rules of the
// specification's section 3.2: lower-case hex, ids not zero, version not ff,
// exactly 55 characters in version 00, and in a later version nothing directly
// behind the flags but a dash. Flags it does not know are dropped.
func parseTraceparent(s string) (trace.SpanContextConfig, bool) {
	var c trace.SpanContextConfig
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return c, false
	}
	var version, flags [1]byte
	if !decodeHex(version[:], s[0:2]) || !decodeHex(c.TraceID[:], s[3:35]) ||
		!decodeHex(c.SpanID[:], s[36:52]) || !decodeHex(flags[:], s[53:55]) {
		return c, false
	}
	switch {
	case version[0] == 0xff:
		return c, false
	case version[0] == 0 && len(s) != traceparentLen:
		return c, false
	case len(s) > traceparentLen && s[traceparentLen] != '-':
		return c, false
	}
	c.TraceFlags = trace.TraceFlags(flags[0]) & flagsKnown
	return c, c.TraceID.IsValid() && c.SpanID.IsValid()
}

// decodeHex fills dst from lower-case hex. The standard decoder also takes
// upper case, which the specification calls invalid.
func decodeHex(dst []byte, s string) bool {
	for i := range dst {
		hi, ok1 := nibble(s[2*i])
		lo, ok2 := nibble(s[2*i+1])
		if !ok1 || !ok2 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

func nibble(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// Inject writes the trace of ctx into h as traceparent and tracestate, in place
// of what was there. Without a trace in ctx it changes nothing. Baggage is not
// passed on: what outsiders send must not reach every dependency.
func Inject(ctx context.Context, h http.Header) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return
	}
	h[headerTraceparent] = []string{formatTraceparent(sc)}
	if state := sc.TraceState(); state.Len() > 0 {
		h[headerTracestate] = []string{state.String()}
	} else {
		delete(h, headerTracestate)
	}
}

func formatTraceparent(sc trace.SpanContext) string {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	flags := [1]byte{byte(sc.TraceFlags() & flagsKnown)}
	b := make([]byte, 0, traceparentLen)
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, traceID[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, spanID[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, flags[:])
	return string(b)
}
