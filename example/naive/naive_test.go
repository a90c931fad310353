package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// paymentsAnswering is a payments service with one answer.
func paymentsAnswering(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var charge struct {
			Order       string `json:"order"`
			AmountCents int64  `json:"amount_cents"`
			Currency    string `json:"currency"`
		}
		if err := json.NewDecoder(r.Body).Decode(&charge); err != nil || charge.Order == "" || charge.AmountCents == 0 ||
			charge.Currency == "" || r.Header.Get("Idempotency-Key") != charge.Order {
			t.Errorf("charge is %+v with key %q: %v", charge, r.Header.Get("Idempotency-Key"), err)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func newAPI(t *testing.T, paymentsURL string) http.Handler {
	t.Helper()
	orders, err := openStore(t.Context(), filepath.Join(t.TempDir(), "orders.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(orders.close)
	return newHandler(slog.New(slog.DiscardHandler), orders, newPayments(paymentsURL))
}

func call(t *testing.T, h http.Handler, method, target, body string) (int, map[string]any, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body)))
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: %d %q: %v", method, target, w.Code, w.Body, err)
	}
	return w.Code, answer, w.Header()
}

const example = `{"customer":"c_1","items":[{"sku":"a","quantity":2,"price_cents":250}],"currency":"EUR"}`

func TestCreateGetCancel(t *testing.T) {
	h := newAPI(t, paymentsAnswering(t, 200, `{"id":"ch_1","status":"succeeded"}`))
	status, created, header := call(t, h, "POST", "/orders", example)
	if status != 201 || created["status"] != "paid" || created["amount_cents"] != 500.0 || created["payment"] != "ch_1" {
		t.Fatalf("create: %d %v", status, created)
	}
	status, got, _ := call(t, h, "GET", header.Get("Location"), "")
	if status != 200 || got["id"] != created["id"] || got["status"] != "paid" {
		t.Errorf("get: %d %v", status, got)
	}
	for range 2 {
		status, cancelled, _ := call(t, h, "POST", header.Get("Location")+"/cancel", "")
		if status != 200 || cancelled["status"] != "cancelled" {
			t.Errorf("cancel: %d %v", status, cancelled)
		}
	}
	if status, _, _ := call(t, h, "GET", "/orders/o_none", ""); status != 404 {
		t.Errorf("get of no order: %d", status)
	}
}

func TestPaymentsFail(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct {
		url    string
		answer int
		status string
	}{
		"declined":    {paymentsAnswering(t, 402, `{}`), 422, statusDeclined},
		"not settled": {paymentsAnswering(t, 200, `{"id":"ch_1","status":"failed"}`), 422, statusDeclined},
		"broken":      {paymentsAnswering(t, 500, `oops`), 502, statusPending},
		"nonsense":    {paymentsAnswering(t, 200, `<html>`), 502, statusPending},
		"down":        {closed.URL, 503, statusFailed},
	} {
		h := newAPI(t, c.url)
		status, _, header := call(t, h, "POST", "/orders", example)
		if status != c.answer {
			t.Errorf("%s: create answered %d, want %d", name, status, c.answer)
		}
		if _, got, _ := call(t, h, "GET", header.Get("Location"), ""); got["status"] != c.status {
			t.Errorf("%s: order is %v, want %s", name, got["status"], c.status)
		}
		if status, _, _ := call(t, h, "POST", header.Get("Location")+"/cancel", ""); status != 409 {
			t.Errorf("%s: cancel answered %d, want 409", name, status)
		}
	}
}

func TestListPages(t *testing.T) {
	h := newAPI(t, paymentsAnswering(t, 200, `{"id":"ch_1","status":"succeeded"}`))
	for range 3 {
		call(t, h, "POST", "/orders", example)
	}
	call(t, h, "POST", "/orders", strings.Replace(example, "c_1", "c_2", 1))
	seen, cursor := 0, ""
	for page := 0; page == 0 || cursor != ""; page++ {
		status, answer, _ := call(t, h, "GET", "/orders?customer=c_1&limit=2&cursor="+cursor, "")
		if status != 200 {
			t.Fatalf("list: %d %v", status, answer)
		}
		orders, _ := answer["orders"].([]any)
		seen += len(orders)
		cursor, _ = answer["next_cursor"].(string)
	}
	if seen != 3 {
		t.Errorf("saw %d orders of c_1, want 3", seen)
	}
}

func TestRunNeedsPayments(t *testing.T) {
	err := run(t.Context(), slog.New(slog.DiscardHandler), func(string) string { return "" })
	if err == nil || !strings.Contains(err.Error(), "PAYMENTS_URL") {
		t.Errorf("run without PAYMENTS_URL: %v", err)
	}
}
