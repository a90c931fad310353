package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Any net/http server gets an access line with a trace id for each request,
// and metrics by route.
func ExampleTelemetry_Handler() {
	var log bytes.Buffer
	tel, err := telemetry.New(telemetry.Config{Service: "orders", Output: &log})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		tel.Logger().InfoContext(r.Context(), "looked up", "id", r.PathValue("id"))
		_, _ = io.WriteString(w, "{}")
	})
	h := tel.Handler(mux)

	r := httptest.NewRequest("GET", "/orders/o_1?token=never-logged", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	h.ServeHTTP(httptest.NewRecorder(), r)

	_ = tel.Shutdown(context.Background()) // everything logged is written when it returns
	for l := range strings.Lines(log.String()) {
		var line struct {
			Msg, Route, Path string
			Status           int
			TraceID          string `json:"trace_id"`
		}
		_ = json.Unmarshal([]byte(l), &line)
		fmt.Println(line.Msg, line.Route, line.Path, line.Status, line.TraceID)
	}
	// Output:
	// looked up   0 0af7651916cd43dd8448eb211c80319c
	// request /orders/{id} /orders/o_1 200 0af7651916cd43dd8448eb211c80319c
}

// A chain of one's own surrounds each request with Begin and End.
func ExampleTelemetry_Begin() {
	tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, exchange := tel.Begin(r, "GET /orders/{id}", time.Now())
		out := http.Header{}
		telemetry.Inject(ctx, out) // what a call to a dependency carries
		fmt.Println(len(out.Get("Traceparent")))
		w.WriteHeader(http.StatusNoContent)
		exchange.End(telemetry.Summary{Status: http.StatusNoContent, Class: route.Critical})
	})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/orders/o_1", nil))
	// Output: 55
}

// What a service counts for itself is scraped beside what every service has.
func ExampleTelemetry_Meter() {
	tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	created, err := tel.Meter().Int64Counter("orders.created", metric.WithUnit("{order}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	created.Add(context.Background(), 2)

	w := httptest.NewRecorder()
	tel.Scrape().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for l := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(l, "orders_") {
			fmt.Print(l)
		}
	}
	// Output: orders_created_total 2
}

// Ten refusals in one second are one line now, one line when the second is
// over, and an exact counter.
func ExampleTelemetry_Shed() {
	var log bytes.Buffer
	tel, err := telemetry.New(telemetry.Config{Output: &log})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("POST", "/orders", nil)
	for range 10 {
		tel.Shed(r, telemetry.Refusal{Route: "POST /orders", Class: route.Sheddable, Reason: "queue-full", Status: 503})
	}
	_ = tel.Shutdown(context.Background())
	for l := range strings.Lines(log.String()) {
		var line struct {
			Msg, Reason string
			Count       int
		}
		_ = json.Unmarshal([]byte(l), &line)
		fmt.Println(line.Msg, line.Reason, line.Count)
	}
	// Output:
	// request refused queue-full 1
	// request refused queue-full 9
}

// A call to a dependency is measured and, when something exports, traced.
func ExampleTelemetry_StartClient() {
	tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	payments := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer payments.Close()

	r, err := http.NewRequest(http.MethodPost, payments.URL+"/charges", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, call := tel.StartClient(context.Background(), r, "payments")
	telemetry.Inject(ctx, r.Header)
	res, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		call.End(0, err)
		fmt.Println(err)
		return
	}
	call.End(res.StatusCode, nil)
	fmt.Println(res.StatusCode, res.Body.Close())
	// Output: 200 <nil>
}
