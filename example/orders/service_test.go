package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const example = `{"customer":"c_1","items":[{"sku":"a","quantity":2,"price_cents":250}],"currency":"EUR"}`

// start runs the service and returns the URL of its API.
func start(t *testing.T, payments string, environ ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan string, 1), make(chan error, 1)
	var log strings.Builder
	environ = append([]string{
		"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s",
		"PAYMENTS_URL=" + payments, "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "orders.db"),
	}, environ...)
	go func() {
		ended <- plimsoll.Run(ctx, "orders", setup, plimsoll.Environ(environ...), plimsoll.Output(&locked{w: &log}),
			plimsoll.OnListen(func(public, _ net.Addr) { listening <- "http://" + public.String() }))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	select {
	case url := <-listening:
		return url
	case err := <-ended:
		ended <- err
		t.Fatalf("the service did not start: %v", err)
		return ""
	}
}

// locked lets the log be written by many goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// charging is a payments service that answers every charge alike, and checks
// what it is sent.
func charging(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var charge chargeRequest
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/charges" || json.Unmarshal(body, &charge) != nil ||
			charge != (chargeRequest{strings.Trim(r.Header.Get("Idempotency-Key"), `"`), 500, "EUR"}) || !idPattern.MatchString(charge.Order) {
			t.Errorf("payments got %s %s %v %s", r.Method, r.URL, r.Header, body)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func succeeding(t *testing.T) string {
	t.Helper()
	return charging(t, says(200, `{"id":"ch_1","status":"succeeded"}`))
}

// answer is what the service said. Its body is an order, a page or a problem.
type answer struct {
	status   int
	header   http.Header
	location string // of the order

	Order
	page
	Status any                 `json:"status"` // an order's text or a problem's number
	Title  string              `json:"title"`
	Detail string              `json:"detail"`
	Trace  string              `json:"trace_id"`
	Errors []map[string]string `json:"errors"`
}

func call(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	assert.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	assert.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	a := answer{status: response.StatusCode, header: response.Header, location: response.Header.Get("Location")}
	assert.NoError(t, json.Unmarshal(text, &a), "%s %s: %d %s", method, url, response.StatusCode, text)
	if a.status >= 400 {
		assert.Equal(t, a.header.Get("Content-Type"), "application/problem+json", "%s", text)
		assert.NotZero(t, a.Title, "%s", text)
		for _, secret := range []string{"sqlite", "INSERT", "goroutine", "127.0.0.1", ".go:"} {
			assert.NotContains(t, string(text), secret)
		}
	}
	return a
}

// pay makes an order.
func pay(t *testing.T, url, body string) answer {
	t.Helper()
	a := call(t, "POST", url+"/orders", body)
	assert.Equal(t, a.status, 201)
	return a
}
