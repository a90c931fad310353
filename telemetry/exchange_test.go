package telemetry_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "192.0.2.7:40312"
	r.Header.Set("Traceparent", parent)
	return r
}

func TestAccessLineHoldsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, logged := open(t, telemetry.Config{})
		ctx, e := tel.Begin(request("GET", "/orders/7?token=s3cret"), "GET /orders/{id}", time.Now().Add(-1500*time.Microsecond))
		e.End(telemetry.Summary{Status: 200, Bytes: 512, Class: route.Critical})
		e.End(telemetry.Summary{Status: 500})

		got := logged.one()
		span := trace.SpanContextFromContext(ctx).SpanID().String()
		assert.Equal(t, got, map[string]any{
			"time": time.Now().UTC().Format(time.RFC3339Nano), "level": "INFO", "msg": "request",
			"method": "GET", "route": "/orders/{id}", "path": "/orders/7", "status": 200.0,
			"duration_ms": 1.5, "bill": "own=1.5ms", "bytes": 512.0, "class": "critical", "outcome": "finished",
			"client": "192.0.2.7", "trace_id": traceHex, "span_id": span,
		})
	})
}

func TestAccessLineLevels(t *testing.T) {
	failure := errors.New("why")
	for name, c := range map[string]struct {
		summary telemetry.Summary
		level   string
	}{
		"fine":            {telemetry.Summary{Status: 204}, "INFO"},
		"client's fault":  {telemetry.Summary{Status: 422, Err: failure}, "INFO"},
		"client left":     {telemetry.Summary{Status: 499, Outcome: telemetry.ClientGone, Err: failure}, "INFO"},
		"service's fault": {telemetry.Summary{Status: 502, Err: failure}, "ERROR"},
		"deadline":        {telemetry.Summary{Status: 504, Outcome: telemetry.Deadline}, "ERROR"},
		"cut":             {telemetry.Summary{Status: 200, Outcome: telemetry.Cut}, "ERROR"},
		"panicked":        {telemetry.Summary{Outcome: telemetry.Panicked, Err: failure, Stack: []byte("goroutine 1")}, "ERROR"},
	} {
		tel, logged := open(t, telemetry.Config{})
		_, e := tel.Begin(request("GET", "/"), "", time.Time{})
		e.End(c.summary)
		got := logged.one()
		assert.Equal(t, got["level"], any(c.level), name)
		assert.Equal(t, got["outcome"], any(c.summary.Outcome.String()), name)
		if c.summary.Err != nil {
			assert.Equal(t, got["error"], any("why"), name)
		}
		if c.summary.Stack != nil {
			assert.Equal(t, got["stack"], any("goroutine 1"), name)
		}
	}
}

func TestAccessLineObeysTheLevel(t *testing.T) {
	tel, logged := open(t, telemetry.Config{Level: slog.LevelWarn})
	for _, status := range []int{200, 500} {
		_, e := tel.Begin(request("GET", "/"), "", time.Time{})
		e.End(telemetry.Summary{Status: status})
	}
	assert.Equal(t, logged.one()["status"], any(500.0))
}

func TestAccessLineIsBounded(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	r := request("GET", "/"+strings.Repeat("é", 5000))
	r.Method = strings.Repeat("M", 5000)
	_, e := tel.Begin(r, "", time.Time{})
	e.End(telemetry.Summary{Status: 500, Err: errors.New(strings.Repeat("e", 50_000)), Stack: make([]byte, 50_000)})
	got := logged.one()
	assert.Equal(t, got["method"], any(strings.Repeat("M", 32)+"…"))
	assert.Equal(t, got["path"], any("/"+strings.Repeat("é", 127)+"…"), "cut between two characters")
	assert.Len(t, got["error"], 2048+len("…"))
	assert.AtMost(t, len(logged.text()), 64<<10)
}

func TestBeginMakesIDsWithoutAnExporter(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	r := request("GET", "/")
	r.Header.Set("Tracestate", "congo=t61rcWkgMzE")
	ctx, _ := tel.Begin(r, "", time.Time{})
	sc := trace.SpanContextFromContext(ctx)
	assert.Equal(t, sc.TraceID().String(), traceHex)
	assert.NotEqual(t, sc.SpanID().String(), spanHex)
	assert.True(t, sc.IsSampled())
	assert.Equal(t, sc.TraceState().String(), "congo=t61rcWkgMzE")
	assert.False(t, trace.SpanFromContext(ctx).IsRecording())

	inside, span := tel.Tracer().Start(ctx, "work")
	assert.Equal(t, span.SpanContext(), sc, "nothing records, so nothing is a new span")
	assert.Equal(t, trace.SpanContextFromContext(inside), sc)
	_, span = span.TracerProvider().Tracer("of another library").Start(ctx, "work")
	assert.Equal(t, span.SpanContext(), sc)

	_, job := tel.Tracer().Start(context.Background(), "a job")
	assert.True(t, job.SpanContext().IsValid(), "outside of a request there are ids too")
	_, root := tel.Tracer().Start(ctx, "a root", trace.WithNewRoot())
	assert.NotEqual(t, root.SpanContext().TraceID(), sc.TraceID())

	for name, header := range map[string]string{"none": "", "not sampled": parent[:53] + "00", "bad": "00-zz"} {
		r.Header.Set("Traceparent", header)
		ctx, _ := tel.Begin(r, "", time.Time{})
		sc := trace.SpanContextFromContext(ctx)
		assert.True(t, sc.IsValid(), name)
		assert.Equal(t, sc.TraceID().String() == traceHex, name == "not sampled", name)
		assert.Equal(t, sc.IsSampled(), name != "not sampled", name)
	}
}

func TestBeginAsksTheSampler(t *testing.T) {
	for name, c := range map[string]struct {
		sampler        sdktrace.Sampler
		withParent     bool
		sampled, trace bool
	}{
		"never, new":         {sdktrace.NeverSample(), false, false, false},
		"never, called":      {sdktrace.NeverSample(), true, false, true},
		"by parent, new":     {sdktrace.ParentBased(sdktrace.NeverSample()), false, false, false},
		"by parent, called":  {sdktrace.ParentBased(sdktrace.NeverSample()), true, true, true},
		"by ratio of 1, new": {sdktrace.TraceIDRatioBased(1), false, true, false},
	} {
		for _, exports := range []bool{false, true} {
			tel, _ := open(t, telemetry.Config{Sampler: c.sampler})
			if exports {
				tel.AddSpanProcessor(discard{})
			}
			r := request("GET", "/")
			if !c.withParent {
				r.Header.Del("Traceparent")
			}
			ctx, _ := tel.Begin(r, "GET /", time.Time{})
			sc := trace.SpanContextFromContext(ctx)
			assert.Equal(t, sc.IsSampled(), c.sampled, "%s, exports %v", name, exports)
			assert.Equal(t, sc.TraceID().String() == traceHex, c.trace, "%s, exports %v", name, exports)
		}
	}
}

func TestSpanOfAnExchange(t *testing.T) {
	tel, logged, spans := record(t, telemetry.Config{})
	r := request("GET", "/orders/7?token=s3cret")
	r.TLS = &tls.ConnectionState{}
	arrival := time.Now().Add(-time.Second)
	ctx, e := tel.BeginOn(r, "", budget.Terms{Arrival: arrival, Deadline: arrival.Add(3 * time.Second)})
	e.SetRoute("GET /orders/{id}")
	e.Ledger().Enter(budget.Queue, "", 250*time.Millisecond)
	_, inner := tel.Tracer().Start(ctx, "inner")
	inner.End()
	e.End(telemetry.Summary{Status: 503, Err: errors.New("no stock")})

	assert.Len(t, spans.Ended(), 2)
	span := spans.Ended()[1]
	assert.Equal(t, span.Name(), "GET /orders/{id}")
	assert.Equal(t, span.SpanKind(), trace.SpanKindServer)
	assert.Equal(t, span.StartTime(), arrival)
	assert.Equal(t, span.Parent().SpanID().String(), spanHex)
	assert.True(t, span.Parent().IsRemote())
	assert.Equal(t, span.SpanContext().TraceID().String(), traceHex)
	assert.Equal(t, span.Status(), sdktrace.Status{Code: codes.Error, Description: "no stock"})
	got := attributes(span)
	own, left := got["plimsoll.time.own"].(float64), got["plimsoll.time.left"].(float64)
	assert.True(t, own >= 0.75 && own < 3, "own %v", own)
	assert.True(t, left > 0 && left <= 2, "left %v", left)
	assert.True(t, strings.HasPrefix(got["plimsoll.bill"].(string), "queue=250ms own="), "%v", got["plimsoll.bill"])
	for _, key := range []string{"plimsoll.time.own", "plimsoll.time.left", "plimsoll.bill"} {
		delete(got, key) // the rest holds to the letter
	}
	assert.Equal(t, got, map[string]any{
		"plimsoll.time.queue": 0.25, "http.request.method": "GET", "url.path": "/orders/7", "url.scheme": "https", "client.address": "192.0.2.7",
		"network.protocol.version": "1.1", "http.route": "/orders/{id}", "http.response.status_code": int64(503), "error.type": "503",
	})
	assert.Equal(t, logged.one()["span_id"], any(span.SpanContext().SpanID().String()))
	assert.Equal(t, spans.Ended()[0].Parent().SpanID(), span.SpanContext().SpanID())
}

func TestSetRouteMayRaceWithEnd(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	_, e := tel.Begin(request("GET", "/"), "", time.Time{})
	var wg sync.WaitGroup
	wg.Go(func() { e.SetRoute("GET /late") })
	wg.Go(func() { e.End(telemetry.Summary{Status: 200}) })
	wg.Go(func() { e.End(telemetry.Summary{Status: 200}) })
	wg.Wait()
	assert.Len(t, sample(t, tel, "http_server_request_duration_seconds_count"), 1)
}

func TestFromContextFindsTheExchange(t *testing.T) {
	for _, exports := range []bool{false, true} {
		tel, _ := open(t, telemetry.Config{})
		if exports {
			tel.AddSpanProcessor(discard{})
		}
		ctx, e := tel.Begin(request("GET", "/"), "", time.Time{})
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		assert.True(t, telemetry.FromContext(ctx) == e)
		assert.Equal(t, e.Client(), netip.MustParseAddr("192.0.2.7"))
	}
	none := telemetry.FromContext(context.Background())
	assert.True(t, none == nil)
	none.SetRoute("GET /")
	none.End(telemetry.Summary{})
	none.Refuse(telemetry.Refusal{})
	assert.False(t, none.Client().IsValid())
}

func TestOutcomesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for o := telemetry.Finished; o <= telemetry.Panicked; o++ {
		seen[o.String()] = true
	}
	assert.Equal(t, seen, map[string]bool{"finished": true, "deadline": true, "cut": true, "client_gone": true, "panicked": true})
	assert.Equal(t, telemetry.Outcome(99).String(), "unknown")
}
