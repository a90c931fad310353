package budget_test

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
)

const limit = 250 * time.Millisecond

// service is a handler behind the middleware, on a network in memory, and what became of its requests. It lives in a
// synctest bubble.
type service struct {
	*memhttp.Server
	mu       sync.Mutex
	results  []budget.Result
	bills    []*budget.Bill // of the results
	panicked []any
}

func serve(t *testing.T, config budget.Config, h http.HandlerFunc, wraps ...func(http.Handler) http.Handler) *service {
	t.Helper()
	s := &service{}
	if config.Limit == 0 {
		config.Limit = limit
	}
	config.Observe = func(_ *http.Request, r budget.Result) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.bills = append(s.bills, r.Bill)
		r.Bill = nil
		s.results = append(s.results, r)
	}
	config.Panic = func(v any, _ []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.panicked = append(s.panicked, v)
	}
	handler := budget.Middleware(config)(h)
	for _, wrap := range wraps {
		handler = wrap(handler)
	}
	s.Server = memhttp.New(t, handler)
	t.Cleanup(func() { time.Sleep(2 * time.Minute) }) // fake time: whatever sleeps or lingers has ended
	return s
}

// result is the only request's.
func (s *service) result(t *testing.T) budget.Result {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Len(t, s.results, 1)
	return s.results[0]
}

// panics is what handlers panicked with so far.
func (s *service) panics() []any {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.panicked)
}

// protocols are the clients to try everything with.
var protocols = map[string]func(*service) *http.Client{
	"HTTP1": func(s *service) *http.Client { return s.Client() },
	"H2":    func(s *service) *http.Client { return s.ClientH2() },
}

// answer is a complete one.
type answer struct {
	status int
	header http.Header
	body   string
	close  bool
	after  time.Duration
}

// send does one exchange and reads the answer to its end.
func send(t *testing.T, client *http.Client, r *http.Request) (answer, error) {
	t.Helper()
	start := time.Now()
	res, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), res.Close, time.Since(start)}, err
}

func request(t *testing.T, method string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, memhttp.URL+"/orders", body)
	assert.NoError(t, err)
	return r
}

// assertSpent checks a complete 504.
func assertSpent(t *testing.T, got answer) {
	t.Helper()
	assert.Equal(t, got.status, http.StatusGatewayTimeout)
	assert.Equal(t, got.header.Get("Content-Type"), "application/problem+json")
	var document struct{ Status int }
	assert.NoError(t, json.Unmarshal([]byte(got.body), &document))
	assert.Equal(t, document.Status, http.StatusGatewayTimeout)
}

// raw opens a connection to write requests on by hand.
func raw(t *testing.T, s *memhttp.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := s.Dial(t.Context())
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn, bufio.NewReader(conn)
}

// endless is a body that a client never finishes sending, until it is closed.
type endless struct{ closed chan struct{} }

func newEndless(t *testing.T) *endless {
	t.Helper()
	e := &endless{make(chan struct{})}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (e *endless) Read([]byte) (int, error) {
	<-e.closed
	return 0, io.EOF
}

func (e *endless) Close() error {
	select {
	case <-e.closed:
	default:
		close(e.closed)
	}
	return nil
}

func assertNoFile(t *testing.T, name string) {
	t.Helper()
	_, err := os.Stat(name)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
