package budget_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// The same on sockets, HTTP/2 with TLS, and the scheduler as it is: what is asserted is that answers are complete, that cuts
// are seen as cuts, and that nothing is left. How late they are is measured in bench/deadline.
func TestOnLoopback(t *testing.T) {
	for name, h2 := range map[string]bool{"HTTP1": false, "H2": true} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			l := newLoopback(t, h2)
			l.each(t, 32, "POST", "/sleep", false, assertWhole)
			l.each(t, 32, "POST", "/sleep", true, assertWhole)
			l.each(t, 32, "GET", "/sleep", false, assertWhole)
			l.each(t, 32, "POST", "/read", false, assertWhole)
			l.each(t, 32, "POST", "/read", true, assertWhole)
			l.each(t, 32, "GET", "/half", false, assertCut)
			l.each(t, 4, "GET", "/flood", false, func(t *testing.T, res *http.Response) {
				t.Helper()
				<-l.flooded // the client reads nothing until the handler was given up
				assertCut(t, res)
			})
			close(l.over)
			l.running.Wait()
			l.server.Close()
			assert.Eventually(t, 10*time.Second, func() bool { return runtime.NumGoroutine() <= before }, "goroutines are left")
		})
	}
}

// loopback is a service whose handlers all outlive their requests.
type loopback struct {
	server  *httptest.Server
	over    chan struct{} // closed: handlers return
	flooded chan struct{} // one for each handler whose write failed
	running sync.WaitGroup
}

func newLoopback(t *testing.T, h2 bool) *loopback {
	t.Helper()
	l := &loopback{over: make(chan struct{}), flooded: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("/sleep", func(http.ResponseWriter, *http.Request) { <-l.over })
	mux.HandleFunc("/read", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-l.over })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); <-l.over })
	mux.HandleFunc("/flood", func(w http.ResponseWriter, _ *http.Request) {
		for err := error(nil); err == nil; {
			_, err = w.Write(make([]byte, 64<<10))
		}
		l.flooded <- struct{}{}
	})
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.running.Add(1)
		defer l.running.Done()
		mux.ServeHTTP(w, r)
	})
	l.server = httptest.NewUnstartedServer(budget.Middleware(budget.Config{Limit: 100 * time.Millisecond})(counted))
	if h2 {
		l.server.EnableHTTP2 = true
		l.server.StartTLS()
	} else {
		l.server.Start()
	}
	t.Cleanup(l.server.Close)
	return l
}

// each sends the request from many clients at once; slow ones never finish sending.
func (l *loopback) each(t *testing.T, clients int, method, path string, slow bool, check func(*testing.T, *http.Response)) {
	t.Helper()
	var wg sync.WaitGroup
	for range clients {
		var body io.ReadCloser = http.NoBody
		switch {
		case slow:
			body = newEndless(t)
		case method == "POST":
			body = io.NopCloser(strings.NewReader("all of it"))
		}
		wg.Go(func() {
			defer body.Close()
			r, err := http.NewRequestWithContext(t.Context(), method, l.server.URL+path, body)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := l.server.Client().Do(r)
			if err != nil {
				t.Errorf("%s, slow %v: %v", path, slow, err)
				return
			}
			defer res.Body.Close()
			check(t, res)
		})
	}
	wg.Wait()
}

func assertWhole(t *testing.T, res *http.Response) {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusGatewayTimeout || !strings.Contains(string(body), `"status":504`) {
		t.Errorf("%s: %d %q, %v", res.Request.URL.Path, res.StatusCode, body, err)
	}
}

func assertCut(t *testing.T, res *http.Response) {
	t.Helper()
	size, err := io.Copy(io.Discard, res.Body)
	if err == nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s: half an answer looks whole: %d, %d bytes, %v", res.Request.URL.Path, res.StatusCode, size, err)
	}
}
