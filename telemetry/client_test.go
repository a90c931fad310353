package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func outgoing(method, target string) *http.Request {
	r, err := http.NewRequest(method, target, nil)
	if err != nil {
		panic(err)
	}
	return r
}

func TestClientCountsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, _ := open(t, telemetry.Config{})
		_, call := tel.StartClient(t.Context(), outgoing("POST", "http://pay.example/charges?key=s3cret"), "payments")
		time.Sleep(250 * time.Millisecond)
		call.End(200, nil)
		call.End(500, nil)
		const labels = `{http_request_method="POST",http_response_status_code="200",server_address="pay.example",server_port="80",service_peer_name="payments"} `
		assert.Equal(t, sample(t, tel, "http_client_request_duration_seconds_count"), []string{"http_client_request_duration_seconds_count" + labels + "1"})
		assert.Equal(t, sample(t, tel, "http_client_request_duration_seconds_sum"), []string{"http_client_request_duration_seconds_sum" + labels + "0.25"})
	})
}

func TestClientNamesErrors(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	timeout := &url.Error{Op: "Post", URL: "https://h:8443/", Err: os.ErrDeadlineExceeded}
	for _, c := range []struct {
		status int
		err    error
	}{
		{404, nil},
		{0, fmt.Errorf("call: %w", context.Canceled)},
		{0, context.DeadlineExceeded},
		{0, timeout},
		{0, &url.Error{Op: "Post", URL: "https://h:8443/", Err: &net.DNSError{Err: "no such host"}}},
		{200, errors.New("body too large")},
	} {
		_, call := tel.StartClient(t.Context(), outgoing("GET", "https://[2001:db8::1]:8443/"), "stock")
		call.End(c.status, c.err)
	}
	const prefix = `http_client_request_duration_seconds_count{error_type=`
	got := sample(t, tel, prefix)
	slices.Sort(got)
	const where = `server_address="2001:db8::1",server_port="8443",service_peer_name="stock"} `
	assert.Equal(t, got, []string{
		prefix + `"*errors.errorString",http_request_method="GET",http_response_status_code="200",` + where + `1`,
		prefix + `"*net.DNSError",http_request_method="GET",` + where + `1`,
		prefix + `"404",http_request_method="GET",http_response_status_code="404",` + where + `1`,
		prefix + `"canceled",http_request_method="GET",` + where + `1`,
		prefix + `"timeout",http_request_method="GET",` + where + `2`,
	})
}

func TestClientSpanIsPassedOn(t *testing.T) {
	tel, _, spans := record(t, telemetry.Config{})
	ctx, e := tel.Begin(request("GET", "/"), "GET /", time.Time{})
	r := outgoing("POST", "https://user:pw@pay.example/charges?key=s3cret#frag")
	inner, call := tel.StartClient(ctx, r, "payments")
	telemetry.Inject(inner, r.Header)
	call.End(0, errors.New(`Post "https://pay.example/charges?key=s3cret": refused`))
	e.End(telemetry.Summary{Status: 200})

	assert.Len(t, spans.Ended(), 2)
	client, server := spans.Ended()[0], spans.Ended()[1]
	assert.Equal(t, client.SpanKind(), trace.SpanKindClient)
	assert.Equal(t, client.Name(), "POST")
	assert.Equal(t, client.Parent().SpanID(), server.SpanContext().SpanID())
	assert.Equal(t, r.Header.Get("Traceparent"), "00-"+traceHex+"-"+client.SpanContext().SpanID().String()+"-01")
	assert.Equal(t, client.Status().Code, codes.Error)
	assert.Equal(t, client.Status().Description, `Post "https://pay.example/charges?…": refused`)
	assert.Equal(t, attributes(client), map[string]any{
		"http.request.method": "POST", "service.peer.name": "payments", "server.address": "pay.example", "server.port": int64(443),
		"url.full": "https://pay.example/charges", "error.type": "*errors.errorString",
	})
}

func TestClientWithoutExporterPassesTheServersSpanOn(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	ctx, _ := tel.Begin(request("GET", "/"), "GET /", time.Time{})
	r := outgoing("GET", "http://h/")
	inner, call := tel.StartClient(ctx, r, "stock")
	telemetry.Inject(inner, r.Header)
	call.End(200, nil)
	assert.Equal(t, r.Header.Get("Traceparent"), "00-"+traceHex+"-"+trace.SpanContextFromContext(ctx).SpanID().String()+"-01")
}

func TestClientSeriesAreBounded(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	for i := range 3000 {
		_, call := tel.StartClient(t.Context(), outgoing("GET", fmt.Sprintf("http://h%d/", i)), "crawler")
		call.End(200, nil)
	}
	assert.Len(t, sample(t, tel, "http_client_request_duration_seconds_count"), 1001)
}

func TestClientTakesAnyRequest(t *testing.T) {
	tel, _, spans := record(t, telemetry.Config{})
	r := httptest.NewRequest("BREW", "/relative", nil)
	_, call := tel.StartClient(t.Context(), r, "pot")
	call.End(418, nil)
	assert.Equal(t, spans.Ended()[0].Name(), "HTTP")
	assert.Equal(t, attributes(spans.Ended()[0])["error.type"], any("418"))
}
