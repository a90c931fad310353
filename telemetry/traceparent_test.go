package telemetry

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const (
	traceHex = "0af7651916cd43dd8448eb211c80319c"
	spanHex  = "b7ad6b7169203331"
)

func TestParseTraceparentAcceptsWhatTheSpecificationDoes(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		flags  trace.TraceFlags
	}{
		"sampled":                 {"00-" + traceHex + "-" + spanHex + "-01", 1},
		"not sampled":             {"00-" + traceHex + "-" + spanHex + "-00", 0},
		"random trace id":         {"00-" + traceHex + "-" + spanHex + "-03", 3},
		"unknown flags dropped":   {"00-" + traceHex + "-" + spanHex + "-ff", 3},
		"next version":            {"01-" + traceHex + "-" + spanHex + "-01", 1},
		"next version, more":      {"01-" + traceHex + "-" + spanHex + "-01-what-the-future-will-be", 1},
		"last version, empty end": {"fe-" + traceHex + "-" + spanHex + "-01-", 1},
	} {
		got, ok := parseTraceparent(c.header)
		assert.True(t, ok, name)
		assert.Equal(t, got.TraceID.String(), traceHex, name)
		assert.Equal(t, got.SpanID.String(), spanHex, name)
		assert.Equal(t, got.TraceFlags, c.flags, name)
	}
}

// invalidTraceparents is the list of the W3C's own conformance suite
// (w3c/trace-context, test/test.py), spelled out.
var invalidTraceparents = map[string]string{
	"empty":                     "",
	"version ff":                "ff-" + traceHex + "-" + spanHex + "-01",
	"version illegal character": ".0-" + traceHex + "-" + spanHex + "-01",
	"version not hex":           "0g-" + traceHex + "-" + spanHex + "-01",
	"version upper case":        "0A-" + traceHex + "-" + spanHex + "-01",
	"version too long":          "000-" + traceHex + "-" + spanHex + "-01",
	"version too short":         "0-" + traceHex + "-" + spanHex + "-01",
	"version 00 with more":      "00-" + traceHex + "-" + spanHex + "-01-",
	"version 00 with a member":  "00-" + traceHex + "-" + spanHex + "-01-extra",
	"later version, no dash":    "01-" + traceHex + "-" + spanHex + "-01.what",
	"trace id zero":             "00-00000000000000000000000000000000-" + spanHex + "-01",
	"trace id upper case":       "00-" + strings.ToUpper(traceHex) + "-" + spanHex + "-01",
	"trace id illegal":          "00-.2345678901234567890123456789012-" + spanHex + "-01",
	"trace id illegal at end":   "00-1234567890123456789012345678901.-" + spanHex + "-01",
	"trace id too long":         "00-" + traceHex + "a-" + spanHex + "-01",
	"trace id too short":        "00-" + traceHex[1:] + "-" + spanHex + "-01",
	"parent id zero":            "00-" + traceHex + "-0000000000000000-01",
	"parent id upper case":      "00-" + traceHex + "-" + strings.ToUpper(spanHex) + "-01",
	"parent id illegal":         "00-" + traceHex + "-.234567890123456-01",
	"parent id too long":        "00-" + traceHex + "-" + spanHex + "1-01",
	"parent id too short":       "00-" + traceHex + "-" + spanHex[1:] + "-01",
	"flags illegal":             "00-" + traceHex + "-" + spanHex + "-.0",
	"flags not hex":             "00-" + traceHex + "-" + spanHex + "-0x",
	"flags upper case":          "00-" + traceHex + "-" + spanHex + "-0A",
	"flags too long":            "00-" + traceHex + "-" + spanHex + "-001",
	"flags too short":           "00-" + traceHex + "-" + spanHex + "-1",
	"flags missing":             "00-" + traceHex + "-" + spanHex,
	"space in front":            " 00-" + traceHex + "-" + spanHex + "-01",
	"space behind":              "00-" + traceHex + "-" + spanHex + "-01 ",
	"comma":                     "00-" + traceHex + "-" + spanHex + "-01,00-" + traceHex + "-" + spanHex + "-01",
	"other separators":          "00_" + traceHex + "_" + spanHex + "_01",
}

func TestParseTraceparentRefusesTheInvalid(t *testing.T) {
	for name, header := range invalidTraceparents {
		_, ok := parseTraceparent(header)
		assert.False(t, ok, name)
		parent := remoteParent(http.Header{headerTraceparent: {header}, headerTracestate: {"a=1"}})
		assert.False(t, parent.IsValid(), name)
		assert.Equal(t, parent.TraceState().Len(), 0, name+": tracestate of no trace")
	}
}

func TestRemoteParentWantsOneTraceparent(t *testing.T) {
	good := "00-" + traceHex + "-" + spanHex + "-01"
	assert.False(t, remoteParent(http.Header{}).IsValid())
	assert.False(t, remoteParent(http.Header{headerTraceparent: {good, good}}).IsValid())

	parent := remoteParent(http.Header{headerTraceparent: {good}, headerTracestate: {"broken"}})
	assert.True(t, parent.IsValid(), "a bad tracestate must not cost the trace")
	assert.True(t, parent.IsRemote())
	assert.Equal(t, parent.TraceState().String(), "")
}

// FuzzTraceparent compares with OpenTelemetry's own propagator, which differs
// in two points of version 00: it refuses flags it does not know, where the
// specification says to ignore them, and takes a dash at the end, which makes
// the header too long.
func FuzzTraceparent(f *testing.F) {
	f.Add("00-" + traceHex + "-" + spanHex + "-01")
	f.Add("cc-" + traceHex + "-" + spanHex + "-01-later")
	for _, header := range invalidTraceparents {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		ours := remoteParent(http.Header{headerTraceparent: {header}})
		carrier := propagation.MapCarrier{"traceparent": header}
		theirs := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		known := strings.HasPrefix(header, "00-")
		if known && ours.IsValid() && !theirs.IsValid() && header[53:] > "03" {
			return
		}
		if known && !ours.IsValid() && len(header) == traceparentLen+1 && strings.HasSuffix(header, "-") {
			return
		}
		if !ours.Equal(theirs) {
			t.Fatalf("%q: %+v, OpenTelemetry %+v", header, ours, theirs)
		}
		if !ours.IsValid() {
			return
		}
		again, ok := parseTraceparent(formatTraceparent(ours))
		if !ok || again.TraceID != ours.TraceID() || again.SpanID != ours.SpanID() || again.TraceFlags != ours.TraceFlags() {
			t.Fatalf("%q does not survive being passed on: %+v", header, again)
		}
	})
}

func TestInjectWritesWhatWasReceived(t *testing.T) {
	in := http.Header{
		headerTraceparent: {"00-" + traceHex + "-" + spanHex + "-03"},
		headerTracestate:  {"congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7"},
	}
	ctx := trace.ContextWithSpanContext(context.Background(), remoteParent(in))
	out := http.Header{headerTraceparent: {"stale"}, "Baggage": {"kept=1"}}
	Inject(ctx, out)
	assert.Equal(t, out, http.Header{
		headerTraceparent: in[headerTraceparent],
		headerTracestate:  {"congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"},
		"Baggage":         {"kept=1"},
	})

	bare := http.Header{headerTracestate: {"of=another-trace"}}
	Inject(trace.ContextWithSpanContext(context.Background(),
		remoteParent(http.Header{headerTraceparent: in[headerTraceparent]})), bare)
	assert.Equal(t, bare, http.Header{headerTraceparent: in[headerTraceparent]})

	untouched := http.Header{"X": {"y"}}
	Inject(context.Background(), untouched)
	assert.Equal(t, untouched, http.Header{"X": {"y"}})
}

func TestIDsAreValidAndDiffer(t *testing.T) {
	traces, spans := map[trace.TraceID]bool{}, map[trace.SpanID]bool{}
	for range 10_000 {
		traces[newTraceID()] = true
		spans[newSpanID()] = true
	}
	assert.Len(t, traces, 10_000)
	assert.Len(t, spans, 10_000)
}
