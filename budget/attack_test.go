package budget_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// Nothing that a client can send removes or lengthens the deadline.
func TestNoHeaderMovesTheDeadline(t *testing.T) {
	attacks := map[string][]string{
		"none":               nil,
		"event stream":       {"Accept: text/event-stream"},
		"websocket":          {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="},
		"h2c upgrade":        {"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"},
		"close":              {"Connection: close"},
		"keep-alive":         {"Connection: keep-alive", "Keep-Alive: timeout=600, max=1000"},
		"expect":             {"Expect: 100-continue"},
		"budget":             {"Plimsoll-Budget: 999999999999999"},
		"budget twice":       {"Plimsoll-Budget: 600000", "Plimsoll-Budget: 600000"},
		"budget overflow":    {"Plimsoll-Budget: 99999999999999999999999"},
		"budget malformed":   {"Plimsoll-Budget: never"},
		"grpc":               {"Grpc-Timeout: 99999999H", "Content-Type: application/grpc", "TE: trailers"},
		"grpc overflow":      {"grpc-timeout: 99999999999S"},
		"connect":            {"Connect-Timeout-Ms: 9999999999", "Connect-Protocol-Version: 1"},
		"envoy":              {"X-Envoy-Expected-Rq-Timeout-Ms: 600000", "X-Envoy-Upstream-Rq-Timeout-Ms: 0"},
		"expired drafts":     {"Timeout: 600", "Request-Timeout: 600"},
		"prefer wait":        {"Prefer: wait=600"},
		"class and attempt":  {"Plimsoll-Class: critical-plus", "Plimsoll-Attempt: 9"},
		"range":              {"Range: bytes=0-"},
		"trailer":            {"TE: trailers", "Trailer: Plimsoll-Budget"},
		"stream by the name": {"Plimsoll-Stream: 1h", "X-Accel-Buffering: no", "Cache-Control: no-transform"},
	}
	for name, lines := range attacks {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := serve(t, budget.Config{}, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) })
					conn, reader := raw(t, s.Server)
					text := method + " / HTTP/1.1\r\nHost: a\r\n"
					for _, line := range lines {
						text += line + "\r\n"
					}
					if method == "POST" {
						text += "Content-Length: 4\r\n\r\nbody"
					} else {
						text += "\r\n"
					}
					start := time.Now()
					_, err := io.WriteString(conn, text)
					assert.NoError(t, err)
					res, err := http.ReadResponse(reader, &http.Request{Method: method})
					assert.NoError(t, err)
					body, err := io.ReadAll(res.Body)
					assert.NoError(t, err)
					assert.Equal(t, time.Since(start), limit)
					if method == "HEAD" {
						assert.Equal(t, res.StatusCode, http.StatusGatewayTimeout)
						return
					}
					assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(body)})
				})
			})
		}
		t.Run(name+"/H2", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) })
				r := request(t, "POST", strings.NewReader("body"))
				for _, line := range lines {
					key, value, _ := strings.Cut(line, ": ")
					if key != "Connection" && key != "Upgrade" && key != "Keep-Alive" { // the client refuses to send them
						r.Header.Add(key, value)
					}
				}
				got, err := send(t, s.ClientH2(), r)
				assert.NoError(t, err)
				assertSpent(t, got)
				assert.Equal(t, got.after, limit)
			})
		})
	}
}

// What a handler does to its own writer does not move the deadline either.
func TestNoHandlerMovesTheDeadline(t *testing.T) {
	for name, attempt := range map[string]func(http.ResponseWriter, *http.Request){
		"deadlines": func(w http.ResponseWriter, _ *http.Request) {
			control := http.NewResponseController(w)
			_ = control.SetReadDeadline(time.Now().Add(time.Hour))
			_ = control.SetWriteDeadline(time.Now().Add(time.Hour))
		},
		"full duplex": func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).EnableFullDuplex() },
		"hijack": func(w http.ResponseWriter, _ *http.Request) {
			_, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				panic("an ordinary route was hijacked")
			}
		},
		"unwrap": func(w http.ResponseWriter, _ *http.Request) {
			if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
				panic("the real writer is within reach")
			}
		},
		"early hints":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) },
		"header":          func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1000000") },
		"the request":     func(_ http.ResponseWriter, r *http.Request) { *r = *r.Clone(r.Context()) },
		"another request": func(_ http.ResponseWriter, r *http.Request) { *r = http.Request{} },
	} {
		t.Run(name, func(t *testing.T) {
			for protocol, client := range protocols {
				t.Run(protocol, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := serve(t, budget.Config{}, func(w http.ResponseWriter, r *http.Request) {
							attempt(w, r)
							time.Sleep(time.Minute)
						})
						got, err := send(t, client(s), request(t, "POST", newEndless(t)))
						assert.NoError(t, err)
						assertSpent(t, got)
						assert.Equal(t, got.after, limit)
						assert.Len(t, s.panics(), 0)
					})
				})
			}
		})
	}
}
