package servicetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/route"
)

// hostile registers handlers that do what handlers should not.
func hostile(_ context.Context, svc *plimsoll.Service, _ empty) error {
	svc.HandleFunc("GET /ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
	svc.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.PathValue("id")) })
	svc.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("password=hunter2") })
	svc.Handle("GET /fails", problem.Handler(func(http.ResponseWriter, *http.Request) error { return errors.New("SELECT secret FROM users") }))
	svc.HandleFunc("GET /deaf", func(http.ResponseWriter, *http.Request) { <-time.After(time.Second) }, route.Budget(50*time.Millisecond))
	svc.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	svc.HandleFunc("POST /zipped", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }, route.Gzip())
	svc.HandleFunc("GET /policy", func(http.ResponseWriter, *http.Request) {}, route.Tenant(nil))
	return nil
}

func TestEveryErrorIsAProblem(t *testing.T) {
	s := start(t, hostile)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nowhere", 404},
		{"DELETE", "/ok", 405},
		{"GET", "/panic", 500},
		{"GET", "/fails", 500},
		{"GET", "/deaf", 504},
	} {
		res, body := s.do(c.method, "http://"+s.public+c.path, nil)
		doc := isProblem(t, res, body, c.status)
		id, _ := doc["trace_id"].(string)
		assert.Equal(t, len(id), 32, c.path)
		assert.NotContains(t, body, "hunter2")
		assert.NotContains(t, body, "SELECT")
		assert.NotContains(t, body, ".go:")
		if c.status == 405 {
			assert.Equal(t, res.Header.Get("Allow"), "GET, HEAD")
		}
		line := s.line("trace_id", id)
		assert.Equal(t, line["status"], any(float64(c.status)))
	}
}

func TestPathValuesAndCleanedPathsWorkAsInServeMux(t *testing.T) {
	s := start(t, hostile)
	_, body := s.get("/items/42")
	assert.Equal(t, body, "42")
	res, body := s.get("//items//42") // the client follows the mux's redirect
	assert.Equal(t, res.StatusCode, 200)
	assert.Equal(t, body, "42")
}

func TestBodiesAreLimited(t *testing.T) {
	s := start(t, hostile)
	big := strings.Repeat("x", 1<<20)
	post := func(path string, body io.Reader, header ...string) (*http.Response, string) {
		t.Helper()
		return s.do("POST", "http://"+s.public+path, body, header...)
	}
	res, body := post("/echo", strings.NewReader(big)) // exactly the limit
	assert.Equal(t, res.StatusCode, 200)
	assert.Equal(t, len(body), len(big))
	res, body = post("/echo", strings.NewReader(big+"x"))
	isProblem(t, res, body, 413)
	res, body = post("/echo", io.MultiReader(strings.NewReader(big+"x"))) // chunked
	isProblem(t, res, body, 413)

	res, body = post("/echo", bytes.NewReader(zip(t, "small")), "Content-Encoding", "gzip")
	isProblem(t, res, body, 415)
	res, body = post("/zipped", bytes.NewReader(zip(t, "small")), "Content-Encoding", "gzip")
	assert.Equal(t, res.StatusCode, 200)
	assert.Equal(t, body, "small")
	res, body = post("/zipped", bytes.NewReader(zip(t, strings.Repeat("a", 64<<20))), "Content-Encoding", "gzip")
	isProblem(t, res, body, 413)
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	assert.NoError(t, err)
	assert.NoError(t, w.Close())
	return b.Bytes()
}

func TestBudgetsFromOutsideOnlyShorten(t *testing.T) {
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /left", func(w http.ResponseWriter, r *http.Request) {
			deadline, ok := r.Context().Deadline()
			if !ok {
				t.Error("the handler has no deadline")
			}
			_, _ = io.WriteString(w, time.Until(deadline).Round(time.Second).String())
		})
		return nil
	}, "PLIMSOLL_DEADLINE=4s")
	_, body := s.get("/left")
	assert.Equal(t, body, "4s")
	_, body = s.get("/left", "Plimsoll-Budget", "2000")
	assert.Equal(t, body, "2s")
	for _, header := range [][]string{
		{"Plimsoll-Budget", "3600000"}, {"Grpc-Timeout", "1H"}, {"Plimsoll-Budget", "none"},
		{"Accept", "text/event-stream"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"},
	} {
		_, body = s.get("/left", header...)
		assert.Equal(t, body, "4s", header)
	}
	res, body := s.get("/left", "Plimsoll-Budget", "0")
	isProblem(t, res, body, 504)
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
}

func TestRefusalsSayThatNothingRan(t *testing.T) {
	release := make(chan struct{})
	entered := make(chan struct{}, 8)
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-release })
		return nil
	}, "PLIMSOLL_ADMISSION=fixed:1")
	done := make(chan int, 2)
	for range 2 { // one runs, one waits
		go func() {
			res, _ := s.get("/slow")
			done <- res.StatusCode
		}()
	}
	<-entered
	assert.Eventually(t, 10*time.Second, func() bool {
		_, metrics := s.ask("/metrics")
		return strings.Contains(metrics, "\nplimsoll_admission_queued 1\n")
	})
	res, body := s.get("/slow")
	doc := isProblem(t, res, body, 503)
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
	assert.Match(t, res.Header.Get("Retry-After"), `^[1-9][0-9]*$`)
	assert.Equal(t, doc["trace_id"], nil)
	close(release)
	assert.Equal(t, <-done, 200)
	assert.Equal(t, <-done, 200)
	_, metrics := s.ask("/metrics")
	assert.Match(t, metrics, `plimsoll_admission_refused_total\{[^}]*reason="queue-full"[^}]*\} [1-9]`)
}

func TestSlowUploadersTakeNoPermit(t *testing.T) {
	s := start(t, hostile, "PLIMSOLL_ADMISSION=fixed:4")
	for range 64 {
		conn := dial(t, s.public)
		_, err := io.WriteString(conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow")
		assert.NoError(t, err)
	}
	for range 200 {
		res, body := s.get("/ok")
		assert.Equal(t, res.StatusCode, 200)
		assert.Equal(t, body, "fine")
	}
}

func TestNoGoroutineOutlivesItsHandler(t *testing.T) {
	s := start(t, hostile)
	before := runtime.NumGoroutine()
	for range 20 {
		res, _ := s.get("/deaf")
		assert.Equal(t, res.StatusCode, 504)
	}
	assert.Eventually(t, 10*time.Second, func() bool { return runtime.NumGoroutine() <= before+2 })
}

func TestTracesGoThrough(t *testing.T) {
	s := start(t, hostile)
	const id = "0af7651916cd43dd8448eb211c80319c"
	s.get("/ok", "Traceparent", "00-"+id+"-b7ad6b7169203331-01")
	s.get("/ok", "Traceparent", "00-"+strings.ToUpper(id)+"-b7ad6b7169203331-01")
	s.line("trace_id", id)
	assert.Eventually(t, 10*time.Second, func() bool { return len(s.lines("request")) == 2 })
	assert.NotEqual(t, s.lines("request")[1]["trace_id"], any(id))
}
