package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/bench/internal/services"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// body is 200 bytes.
var body = `{"customer":"c_1","items":[{"sku":"a","quantity":5,"price_cents":250}],"currency":"EUR","note":"` + strings.Repeat("n", 102) + `"}`

const head = "Host: orders.test\r\nAccept: application/json\r\nUser-Agent: bench\r\n"

func get() string { return "GET /orders HTTP/1.1\r\n" + head + "\r\n" }

func post() string {
	return fmt.Sprintf("POST /orders HTTP/1.1\r\n"+head+"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// tables are made anew by each call; log files lie in dir.
func tables(dir string) ([]table, error) {
	gets, err := served(dir, "GET /orders", http.HandlerFunc(read), get())
	if err != nil {
		return nil, err
	}
	posts, err := served(dir, "POST /orders", http.HandlerFunc(create), post())
	if err != nil {
		return nil, err
	}
	byHand, err := services.Shed()
	if err != nil {
		return nil, err
	}
	return []table{
		{name: "GET", title: "GET without a body: an order as JSON", subjects: gets},
		{name: "POST", title: "POST with 200 bytes of JSON, decoded: an order as JSON", subjects: posts},
		{name: "refusal", title: "GET that is refused", subjects: refused(byHand, "GET /orders", get())},
		{name: "refusal", title: "POST with 200 bytes that is refused", subjects: refused(byHand, "POST /orders", post())},
	}, nil
}

// served are the ways to serve h, from nothing around its router to a whole
// service, then the service with a part of it left out, then parts alone.
func served(dir, pattern string, h http.Handler, request string) ([]rounds.Subject, error) {
	const ok = http.StatusOK
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	method, _, _ := strings.Cut(pattern, " ")
	file := func(name string) (io.Writer, error) { return os.Create(filepath.Join(dir, name+"-"+method)) }
	carefulLog, err := file("careful.log")
	if err != nil {
		return nil, err
	}
	serviceLog, err := file("service.log")
	if err != nil {
		return nil, err
	}
	wrapped, err := services.Wrap(mux, io.Discard)
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(telemetry.Config{Service: "bench", Output: io.Discard})
	if err != nil {
		return nil, err
	}
	permits, err := admission.New(admission.Config{})
	if err != nil {
		return nil, err
	}
	variant := func(name string, log io.Writer, environ ...string) rounds.Subject {
		return services.Service{Name: name, Log: log, Environ: environ, SetUp: services.Handle(pattern, h)}.Subject(request, ok)
	}
	return []rounds.Subject{
		rounds.Floor(request, ok, answer()),
		rounds.Handler("bare net/http", mux, request, ok),
		rounds.Handler("careful stack", careful(mux, io.Discard), request, ok),
		rounds.Handler("careful stack and otelhttp", observed(careful(mux, io.Discard)), request, ok),
		rounds.Handler("careful stack, log in a file", careful(mux, carefulLog), request, ok),
		variant("service", io.Discard),
		variant("service, log in a file", serviceLog),
		variant("service, admission off", io.Discard, "PLIMSOLL_ADMISSION=off"),
		variant("service, no access lines", io.Discard, "LOG_LEVEL=error"),
		services.Service{Name: "service, a stream's route", Log: io.Discard, SetUp: services.Handle(pattern, h, route.Stream(time.Hour))}.Subject(request, ok),
		rounds.Handler("Wrap in net/http's server", wrapped, request, ok),
		rounds.Handler("budget.Middleware alone", budget.Middleware(budget.Config{})(mux), request, ok),
		rounds.Handler("http.TimeoutHandler alone", http.TimeoutHandler(mux, limit, ""), request, ok),
		rounds.Handler("telemetry.Handler alone", tel.Handler(mux), request, ok),
		rounds.Handler("admission.Middleware alone", admission.Middleware(permits, admission.Options{})(mux), request, ok),
	}, nil
}

// answer is what every subject answers, for the one that only writes it.
func answer() string {
	const order = `{"id":"o_8f14e45f","status":"paid","amount_cents":1250,"currency":"EUR","items":[{"sku":"a","quantity":5}]}` + "\n"
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s", len(order), order)
}

func refused(byHand services.Refusal, pattern, request string) []rounds.Subject {
	mux := http.NewServeMux()
	mux.Handle(pattern, byHand)
	return []rounds.Subject{
		rounds.Floor(request, byHand.Status, byHand.String()),
		rounds.Handler("bare net/http, the same bytes", mux, request, byHand.Status),
		services.Shedding(pattern).Subject(request, byHand.Status),
	}
}
