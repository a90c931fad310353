package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
)

// variant is one way to serve a handler. The first one is what the others are compared with.
type variant struct {
	name string
	wrap func(http.Handler) http.Handler
}

var variants = []variant{
	{"bare", func(h http.Handler) http.Handler { return h }},
	{"http.TimeoutHandler", func(h http.Handler) http.Handler { return http.TimeoutHandler(h, 5*time.Second, "") }},
	{"budget.Middleware", budget.Middleware(budget.Config{})},
}

// small is what a service does for a request at the least: it decodes what there is, and answers with a little JSON.
var small = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		var o order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) // the client is this program
})

type order struct {
	Customer string
	Currency string
	Items    []struct {
		SKU        string
		Quantity   int
		PriceCents int `json:"price_cents"`
	}
}

var answer = []byte(`{"id":"o_8f14e45f","status":"paid","amount_cents":1250,"currency":"EUR","items":[{"sku":"a","quantity":5}]}`)

// workload is a request, as its bytes.
type workload struct {
	name    string
	request string
}

var workloads = []workload{
	{"GET", "GET /orders/o_8f14e45f HTTP/1.1\r\nHost: orders.test\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n"},
	{"POST", "POST /orders HTTP/1.1\r\nHost: orders.test\r\nContent-Type: application/json\r\nContent-Length: 88\r\n\r\n" +
		`{"customer":"c_1","currency":"EUR","items":[{"sku":"a","quantity":5,"price_cents":250}]}`},
}
