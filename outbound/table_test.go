package outbound_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// scene is one failure: what the dependency does, and what else is needed for it. All of it may be missing.
type scene struct {
	answer  http.HandlerFunc
	dial    func(context.Context, string, string) (net.Conn, error)
	config  outbound.Config
	context func(context.Context) context.Context
	before  func(t *testing.T, c *outbound.Client) // makes it so
}

func status(code int, headers ...string) scene {
	return scene{answer: func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}}
}

// raw answers below HTTP and ends the connection.
func raw(text string) scene {
	return scene{answer: func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// failures are the rows of the table, by their first cell.
func failures() map[string]scene {
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	leave := func(parent context.Context) context.Context {
		ctx, cancel := context.WithCancel(parent)
		time.AfterFunc(100*time.Millisecond, cancel)
		return ctx
	}
	inbound := func(n int) func(context.Context) context.Context {
		return func(parent context.Context) context.Context {
			return new(budget.Ledger).Open(parent, budget.Terms{Attempt: n})
		}
	}
	above := status(502)
	above.context = inbound(2)
	poor := status(502)
	poor.before = func(t *testing.T, c *outbound.Client) { // three in the beginning
		for range 2 {
			_, _ = fetch(c, get(t, t.Context(), "/"))
		}
	}
	open := scene{answer: raw("").answer, before: func(t *testing.T, c *outbound.Client) {
		for range 20 {
			_, _ = fetch(c, get(t, t.Context(), "/"))
			time.Sleep(100 * time.Millisecond)
		}
		_, _ = fetch(c, get(t, t.Context(), "/")) // the probe that is due
	}}
	full := scene{answer: hang, config: outbound.Config{Bulkhead: "fixed:1", Timeout: time.Minute}, before: func(t *testing.T, c *outbound.Client) {
		for range 2 { // one under way, one that waits
			go func() { _, _ = fetch(c, get(t, t.Context(), "/")) }()
			synctest.Wait()
		}
	}}
	return map[string]scene{
		"no connection": {dial: refuse},
		"a kept connection ends under the request":  stale(),
		"the connection ends before the answer":     raw(""),
		"the connection ends in the answer's head":  raw("HTTP/1.1 200 OK\r\nX: "),
		"the connection ends in the answer's body":  raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
		"no answer in the call's time":              {answer: hang},
		"no answer in the attempt's share of it":    slowly(),
		"the answer is no HTTP":                     raw("SSH-2.0-OpenSSH\r\n\r\n"),
		"the answer is too large":                   raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
		"500":                                       status(500),
		"502":                                       status(502),
		"503":                                       status(503),
		"504":                                       status(504),
		"501":                                       status(501),
		"400, 404, 408, 409 and other 4xx":          status(408),
		"503, `Plimsoll-Executed: no`":              status(503, "Plimsoll-Executed", "no"),
		"504, `Plimsoll-Executed: no`":              status(504, "Plimsoll-Executed", "no"),
		"429":                                       status(429),
		"429, `Retry-After` within the time":        status(429, "Retry-After", "0"),
		"503, `Retry-After` beyond the time":        status(503, "Retry-After", "60"),
		"503, `Plimsoll-Pushback: retry;after=50`":  status(503, "Plimsoll-Pushback", "retry;after=50"),
		"503, `Plimsoll-Pushback: noretry`":         status(503, "Plimsoll-Pushback", "noretry"),
		"503, `grpc-retry-pushback-ms: -1`":         status(503, "Grpc-Retry-Pushback-Ms", "-1"),
		"502, and callers above tried twice before": above,
		"502, and the retry budget is spent":        poor,
		"the caller leaves":                         {answer: hang, context: leave},
		"no time is left": {answer: hang, context: func(parent context.Context) context.Context {
			ctx, cancel := context.WithTimeout(parent, time.Millisecond)
			context.AfterFunc(parent, cancel)
			return ctx
		}},
		"the breaker is open":  open,
		"the bulkhead is full": full,
	}
}

// stale answers the first request on a connection, and ends it under the second.
func stale() scene {
	var warm sync.Map
	return scene{answer: func(w http.ResponseWriter, r *http.Request) {
		conn := r.Context().Value(connKey{})
		if _, second := warm.LoadOrStore(conn, true); second {
			raw("").answer(w, r)
		}
	}, before: func(t *testing.T, c *outbound.Client) {
		_, err := fetch(c, get(t, t.Context(), "/warm"))
		assert.NoError(t, err)
	}}
}

type connKey struct{}

// slowly answers a hundred requests at once and then the first of two never.
func slowly() scene {
	var mu sync.Mutex
	n := 0
	return scene{answer: func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		hangs := n == 101
		mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		if hangs {
			hang(w, r)
		}
	}, before: func(t *testing.T, c *outbound.Client) {
		for range 100 {
			_, err := fetch(c, get(t, t.Context(), "/"))
			assert.NoError(t, err)
		}
	}}
}

// play runs a scene with one request and says how often that was sent, and what came of it.
func (s scene) play(t *testing.T, method, key string) (sent int, came string) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		arrived := func() { mu.Lock(); defer mu.Unlock(); sent++ }
		server := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived()
			_, _ = io.Copy(io.Discard, r.Body)
			if s.answer != nil {
				s.answer(w, r)
			}
		}), func(h *http.Server) {
			h.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
				return context.WithValue(ctx, connKey{}, conn)
			}
		})
		c := s.config
		c.Throttle = outbound.Off // it draws lots
		c.URL, c.Dial = parse(t, memhttp.URL), dial(server)
		if s.dial != nil {
			c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				arrived()
				return s.dial(ctx, network, address)
			}
		}
		client := outbound.New(nil, c)
		if s.before != nil {
			s.before(t, client)
			mu.Lock()
			sent = 0
			mu.Unlock()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if s.context != nil {
			ctx = s.context(ctx)
		}
		r, err := http.NewRequestWithContext(ctx, method, "/", strings.NewReader("body"))
		assert.NoError(t, err)
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		came = outcome(client, r)
		mu.Lock()
		defer mu.Unlock()
	})
	return sent, came
}

// outcome is what a caller sees, in the words of the table.
func outcome(c *outbound.Client, r *http.Request) string {
	res, err := c.Do(r)
	if err == nil {
		code := res.StatusCode
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil {
			return strconv.Itoa(code)
		}
	}
	word := problem.From(err).Kind.String()
	if errors.Is(err, outbound.ErrNotExecuted) {
		word += ", not executed"
	}
	return word
}

// The table of the guide, line by line, against the real transport.
func TestTheTableOfFailures(t *testing.T) {
	page, err := os.ReadFile("../docs/guide/outbound.md")
	assert.NoError(t, err)
	_, table, found := strings.Cut(string(page), "<!-- failures: begin -->\n")
	assert.True(t, found)
	table, _, found = strings.Cut(table, "<!-- failures: end -->")
	assert.True(t, found)
	scenes := failures()
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		name := cells[0]
		if len(cells) != 5 || name == "failure" || strings.HasPrefix(name, "-") {
			continue
		}
		_, known := scenes[name]
		assert.True(t, known, "the table's %q is not tried", name)
		t.Run(name, func(t *testing.T) {
			for i, how := range []struct{ method, key string }{{http.MethodGet, ""}, {http.MethodDelete, ""}, {http.MethodPost, `"k"`}, {http.MethodPost, ""}} {
				sent, came := failures()[name].play(t, how.method, how.key)
				cell := strings.TrimSpace(cells[max(1, i)])
				assert.Equal(t, strconv.Itoa(sent), cell, "%s %s: times sent", how.method, how.key)
				want := strings.TrimSpace(cells[4])
				if safely, once, differs := strings.Cut(want, " / "); differs {
					want = safely
					if i == 3 {
						want = once
					}
				}
				assert.Equal(t, came, want, "%s %s", how.method, how.key)
			}
		})
		delete(scenes, name)
	}
	assert.Len(t, scenes, 0, "tried, and not in the table")
}
