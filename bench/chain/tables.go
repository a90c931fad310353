package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

const fixedOne = "PLIMSOLL_ADMISSION=fixed:1"

// body is 200 bytes.
var body = `{"customer":"c_1","items":[{"sku":"a","quantity":5,"price_cents":250}],"currency":"EUR","note":"` + strings.Repeat("n", 102) + `"}`

const head = "Host: orders.test\r\nAccept: application/json\r\nUser-Agent: bench\r\n"

func get() string { return "GET /orders HTTP/1.1\r\n" + head + "\r\n" }

func post() string {
	return fmt.Sprintf("POST /orders HTTP/1.1\r\n"+head+"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// tables are made anew by each call; log files lie in dir.
func tables(dir string) ([]table, error) {
	var all []table
	for _, w := range []struct {
		name, title, request string
		handler              http.HandlerFunc
	}{
		{"GET", "GET without a body, 200 with 108 bytes of JSON", get(), read},
		{"POST", "POST with a body of 200 bytes, 200 with 108 bytes of JSON", post(), create},
	} {
		subjects, err := served(dir, w.handler, w.request)
		if err != nil {
			return nil, err
		}
		all = append(all, table{name: w.name, title: w.title, subjects: subjects})
	}
	refused, err := refusals()
	return append(all, refused...), err
}

// served are the ways to serve h, from nothing around it to a whole service.
func served(dir string, h http.Handler, request string) ([]rounds.Subject, error) {
	const ok = http.StatusOK
	answer := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(order), order)
	file := func(name string) (io.Writer, error) { return os.Create(filepath.Join(dir, name)) }
	carefulLog, err := file("careful.log")
	if err != nil {
		return nil, err
	}
	serviceLog, err := file("service.log")
	if err != nil {
		return nil, err
	}
	chain, err := inServer(h, io.Discard)
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
	return []rounds.Subject{
		rounds.Floor(request, ok, answer),
		rounds.Handler("bare net/http", h, request, ok),
		rounds.Handler("careful stack", careful(h, io.Discard), request, ok),
		rounds.Handler("careful stack, log to a file", careful(h, carefulLog), request, ok),
		service{name: "service", handler: h, log: io.Discard}.subject(request, ok),
		service{name: "service, log to a file", handler: h, log: serviceLog}.subject(request, ok),
		service{name: "service without admission", handler: h, log: io.Discard, environ: []string{"PLIMSOLL_ADMISSION=off"}}.subject(request, ok),
		service{name: "service without access lines", handler: h, log: io.Discard, environ: []string{"LOG_LEVEL=error"}}.subject(request, ok),
		service{name: "service, the route a stream", handler: h, log: io.Discard, prepare: streaming(h)}.subject(request, ok),
		rounds.Handler("service without its listener", chain, request, ok),
		rounds.Handler("budget.Middleware alone", budget.Middleware(budget.Config{})(h), request, ok),
		rounds.Handler("http.TimeoutHandler alone", http.TimeoutHandler(h, limit, ""), request, ok),
		rounds.Handler("telemetry.Handler alone", tel.Handler(h), request, ok),
		rounds.Handler("admission.Middleware alone", admission.Middleware(permits, admission.Options{})(h), request, ok),
	}, nil
}

// refusals are two tables: a refusal without a body to leave unread, and with.
func refusals() ([]table, error) {
	byHand, err := shed()
	if err != nil {
		return nil, err
	}
	subjects := func(request string) []rounds.Subject {
		full := service{name: "shed by a service", handler: http.HandlerFunc(read), log: io.Discard, environ: []string{fixedOne}, prepare: full}
		return []rounds.Subject{
			rounds.Floor(request, byHand.status, byHand.String()),
			rounds.Handler("bare net/http, the same bytes", byHand, request, byHand.status),
			full.subject(request, byHand.status),
		}
	}
	return []table{
		{name: "refusal", title: "GET that is refused", subjects: subjects(get())},
		{name: "refusal", title: "POST with a body of 200 bytes that is refused", subjects: subjects(post())},
	}, nil
}
