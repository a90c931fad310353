package admission

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// refusing is a server that refuses everything, as Hopeless would have it.
func refusing(t *testing.T, err error) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, r, err, 3)
	}))
	s.EnableHTTP2 = true
	t.Cleanup(s.Close)
	return s
}

// wire is one raw connection.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, s *httptest.Server) wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	assert.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return wire{conn, bufio.NewReader(conn)}
}

func (w wire) send(t *testing.T, format string, args ...any) {
	t.Helper()
	_, err := fmt.Fprintf(w, format, args...)
	assert.NoError(t, err)
}

func (w wire) answer(t *testing.T) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(w.in, nil)
	assert.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	return res, string(body)
}

func TestShedAnswer(t *testing.T) {
	s := refusing(t, fmt.Errorf("around: %w", ErrShed))
	s.Start()
	w := dial(t, s)
	for range 3 { // on the same connection
		w.send(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		res, body := w.answer(t)
		assert.Equal(t, res.StatusCode, 503)
		for k, v := range map[string]string{
			"Content-Type": "application/problem+json", "Retry-After": "3", "Plimsoll-Executed": "no",
			"Plimsoll-Pushback": "retry;after=3000", "Content-Length": strconv.Itoa(len(body)), "Connection": "",
		} {
			assert.Equal(t, res.Header.Get(k), v, k)
		}
		checkProblem(t, body, 503, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity")
	}
}

func TestDoomedAnswer(t *testing.T) {
	s := refusing(t, ErrDoomed)
	s.Start()
	w := dial(t, s)
	w.send(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, body := w.answer(t)
	assert.Equal(t, res.StatusCode, 504)
	assert.Equal(t, res.Header.Get("Retry-After"), "")
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
	assert.Equal(t, res.Header.Get("Plimsoll-Pushback"), "noretry")
	assert.Equal(t, res.Header.Get("Connection"), "")
	checkProblem(t, body, 504, "about:blank")
}

func checkProblem(t *testing.T, body string, status int, kind string) {
	t.Helper()
	var doc map[string]any
	assert.NoError(t, json.Unmarshal([]byte(body), &doc))
	assert.Equal(t, doc["status"], any(float64(status)))
	assert.Equal(t, doc["type"], any(kind))
	assert.Equal(t, doc["trace_id"], nil)
	assert.NotZero(t, doc["title"])
	assert.Contains(t, fmt.Sprint(doc["detail"]), "not executed")
}

func TestRetryAfterIsAtLeastOneAndNeverCut(t *testing.T) {
	for give, want := range map[int]string{-5: "1", 0: "1", 1: "1", 60: "60", 61: "61", 100_000: "100000"} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequest(http.MethodGet, "/", nil), ErrShed, give)
		assert.Equal(t, w.Header().Get("Retry-After"), want)
		assert.Equal(t, w.Header().Get("Plimsoll-Pushback"), "retry;after="+want+"000")
	}
	for range 1000 {
		c := newController(t, Config{})
		assert.AtMost(t, c.RetryAfter(), len(retries)-1)
	}
}

// The answer is there before the body is, whatever net/http would rather do,
// and the connection goes on once the body has come.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := refusing(t, ErrShed)
	s.Start()
	for name, c := range map[string]struct{ header, rest string }{
		"length":  {"Content-Length: 10", "0123456789"},
		"chunked": {"Transfer-Encoding: chunked", "5\r\n01234\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, s)
			w.send(t, "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", c.header)
			res, _ := w.answer(t)
			assert.Equal(t, res.StatusCode, 503)
			assert.Equal(t, res.Header.Get("Connection"), "")
			w.send(t, "%sGET / HTTP/1.1\r\nHost: a\r\n\r\n", c.rest)
			res, _ = w.answer(t)
			assert.Equal(t, res.StatusCode, 503)
		})
	}
}

// A body of which too much is left, or that breaks off, ends the connection: the
// rest of it is never taken for a request.
func TestWhatIsLeftOfABodyIsNoRequest(t *testing.T) {
	s := refusing(t, ErrShed)
	s.Start()
	smuggled := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, body := range map[string]string{
		"too much":  fmt.Sprintf("%x\r\n%s\r\n", leftoverBytes+2, strings.Repeat("x", leftoverBytes+2)) + smuggled,
		"malformed": "zz\r\n" + smuggled,
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, s)
			w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
			res, _ := w.answer(t)
			assert.Equal(t, res.StatusCode, 503)
			_, _ = io.WriteString(w, body)
			n, _ := io.Copy(io.Discard, w.in)
			assert.Zero(t, n, "a second answer")
		})
	}
}

func TestRefusedWhileWaitingToContinue(t *testing.T) {
	s := refusing(t, ErrShed)
	s.Start()
	w := dial(t, s)
	w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 503)
	assert.True(t, res.Close)
}

// Who drains refuses with Connection: close, and waits for nobody's body.
func TestRefusedWhileClosing(t *testing.T) {
	returned := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		Refuse(w, r, ErrShed, 1)
		close(returned)
	}))
	defer s.Close()
	w := dial(t, s)
	w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
	start := time.Now()
	<-returned
	assert.AtMost(t, time.Since(start), closingTime/2)
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 503)
	assert.True(t, res.Close)
	_, err := w.in.ReadByte()
	assert.Error(t, err)
	assert.AtMost(t, time.Since(start), 4*closingTime)
}

// A long body is not read: the answer says that the connection ends, and is not
// destroyed by its end, also when the client has sent a lot and asked to close.
func TestRefusedWithALongBody(t *testing.T) {
	s := refusing(t, ErrShed)
	s.Start()
	for _, headers := range []string{
		"Content-Length: 67108864", "Content-Length: 67108864\r\nConnection: close", "Content-Length: 1000000\r\nExpect: 100-continue",
		"Content-Length: 1000000\r\nExpect: 100-continue\r\nConnection: close",
	} {
		w := dial(t, s)
		w.send(t, "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n%s", headers, strings.Repeat("x", 200_000))
		sent := time.NewTimer(closingTime / 5) // time for a reset to arrive, if there is one
		<-sent.C
		res, _ := w.answer(t)
		assert.Equal(t, res.StatusCode, 503)
		assert.True(t, res.Close)
		_, err := w.in.ReadByte()
		assert.ErrorIs(t, err, io.EOF, headers)
	}
}

func TestRefusedHead(t *testing.T) {
	s := refusing(t, ErrShed)
	s.Start()
	w := dial(t, s)
	w.send(t, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(w.in, &http.Request{Method: http.MethodHead})
	assert.NoError(t, err)
	assert.Equal(t, res.ContentLength, int64(len(reducedCapacity)))
	res, body := w.answer(t)
	assert.Equal(t, res.StatusCode, 503)
	assert.Equal(t, body, reducedCapacity)
}

// On h2 the answer does not wait for the body either, and the connection stays.
func TestRefusedOnHTTP2(t *testing.T) {
	s := refusing(t, ErrShed)
	s.StartTLS()
	for range 2 {
		body, end := io.Pipe() // never sends
		defer end.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, body)
		assert.NoError(t, err)
		res, err := s.Client().Do(r)
		assert.NoError(t, err)
		got, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, res.ProtoMajor, 2)
		assert.Equal(t, res.StatusCode, 503)
		assert.Equal(t, string(got), reducedCapacity)
	}
}

// The shared header values survive whoever comes after.
func TestSharedHeadersAreNotChanged(t *testing.T) {
	for range 2 {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequest(http.MethodGet, "/", nil), ErrShed, 1)
		for k := range w.Header() {
			w.Header().Add(k, "x")
			w.Header().Set(k, "y")
		}
	}
	w := httptest.NewRecorder()
	Refuse(w, httptest.NewRequest(http.MethodGet, "/", nil), ErrShed, 1)
	for k, v := range w.Header() {
		assert.Len(t, v, 1, k)
		assert.NotEqual(t, v[0], "y", k)
	}
}

func TestMiddlewareOutcomes(t *testing.T) {
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Outcome
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, Success},
		"404":             {status(404), Success},
		"500":             {status(500), Failed},
		"written first":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x"); w.WriteHeader(500) }, Success},
		"flushed first":   {func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); w.WriteHeader(500) }, Success},
		"informational":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(502) }, Failed},
		"copied":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader("x")) }, Success},
		"panic":           {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Failed},
		"late":            {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Late},
	} {
		t.Run(name, func(t *testing.T) {
			ctrl := newController(t, Config{Limit: 1})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if name == "late" {
				ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
			}
			defer cancel()
			func() {
				defer func() { _ = recover() }()
				r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
				Middleware(ctrl, Options{})(c.handler).ServeHTTP(httptest.NewRecorder(), r)
			}()
			assert.Equal(t, count(ctrl, c.want), 1)
			assert.Equal(t, ctrl.InFlight(), 0)
		})
	}
}

func TestMiddlewareRefusesByClass(t *testing.T) {
	c := newController(t, Config{Limit: 1, Queue: NoQueue})
	inside, leave := make(chan struct{}), make(chan struct{})
	h := Middleware(c, Options{
		Class:      func(*http.Request) route.Criticality { return route.Sheddable },
		RetryAfter: func() int { return 7 },
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(inside); <-leave }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	<-inside
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, w.Code, 503)
	assert.Equal(t, w.Header().Get("Retry-After"), "7")
	close(leave)
	<-done
	for _, r := range c.Snapshot().Refused {
		want := uint64(0)
		if r.Reason == QueueFull && r.Class == route.Sheddable {
			want = 1
		}
		assert.Equal(t, r.Count, want, "%v of %v", r.Reason, r.Class)
	}
}

// A tenant that fills the queue makes room for another.
func TestMiddlewareTellsTenantsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Limit: 1, Queue: 16})
		leave := make(chan struct{})
		h := Middleware(c, Options{Tenant: func(r *http.Request) uint64 { return uint64(r.Header.Get("Tenant")[0]) }})(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
		ask := func(tenant string) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Tenant", tenant)
			go h.ServeHTTP(w, r)
			synctest.Wait()
			return w
		}
		var flood []*httptest.ResponseRecorder
		for range 17 {
			flood = append(flood, ask("flood"))
		}
		light := ask("light")
		close(leave)
		synctest.Wait()
		assert.Equal(t, light.Code, 200)
		shed := 0
		for _, w := range flood {
			if w.Code == 503 {
				shed++
			}
		}
		assert.AtLeast(t, shed, 1)
	})
}

// What a handler may ask of the writer is as it was.
func TestMiddlewareKeepsTheWriter(t *testing.T) {
	c := newController(t, Config{})
	s := httptest.NewServer(Middleware(c, Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Flusher); !ok {
			t.Error("no Flusher")
		}
		if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		_ = conn.Close()
	})))
	defer s.Close()
	res, err := http.Get(s.URL)
	assert.NoError(t, err)
	body, _ := io.ReadAll(res.Body)
	assert.Equal(t, string(body), "hi")
	_ = res.Body.Close()

	_, ok := (&statusWriter{ResponseWriter: httptest.NewRecorder()}).offering().(http.Hijacker)
	assert.False(t, ok, "a writer that cannot be hijacked must not say it can")
	assert.Equal(t, errors.Is(http.NewResponseController(&statusWriter{ResponseWriter: httptest.NewRecorder()}).Flush(), http.ErrNotSupported), false)
}
