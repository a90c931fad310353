package admission

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// bareShed writes the same bytes as a shed, as one would with net/http alone.
func bareShed() http.Handler {
	body := []byte(reducedCapacity)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/problem+json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("Retry-After", "1")
		h.Set("Plimsoll-Executed", "no")
		h.Set("Plimsoll-Pushback", "retry;after=1000")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(body)
	})
}

// shedding refuses everything.
func shedding(tb testing.TB) http.Handler {
	tb.Helper()
	c := newController(tb, Config{Limit: 1, Queue: NoQueue})
	_, err := c.Acquire(context.Background(), route.Critical)
	assert.NoError(tb, err)
	return Middleware(c, Options{RetryAfter: func() int { return 1 }})(http.NotFoundHandler())
}

// keepAlive is a connection that asks again and again. It reads answers of the
// length of the first.
type keepAlive struct {
	conn   net.Conn
	in     *bufio.Reader
	answer []byte
}

const shedRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func newKeepAlive(b *testing.B, h http.Handler) *keepAlive {
	b.Helper()
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	assert.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	k := &keepAlive{conn: conn, in: bufio.NewReader(conn)}
	_, err = io.WriteString(conn, shedRequest)
	assert.NoError(b, err)
	for !slices.Contains(k.answer, '}') {
		c, err := k.in.ReadByte()
		assert.NoError(b, err)
		k.answer = append(k.answer, c)
	}
	_, err = k.in.ReadByte() // the body's line end
	assert.NoError(b, err)
	k.answer = append(k.answer, '\n')
	return k
}

func (k *keepAlive) round(b *testing.B, requests int) time.Duration {
	b.Helper()
	start := time.Now()
	for range requests {
		if _, err := io.WriteString(k.conn, shedRequest); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(k.in, k.answer); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// BenchmarkShed is a whole refused request on a kept connection beside one to a
// bare handler that writes the same bytes, turn by turn; "ratio" is the median.
func BenchmarkShed(b *testing.B) {
	const turn = 50
	shed, bare := newKeepAlive(b, shedding(b)), newKeepAlive(b, bareShed())
	assert.Equal(b, len(shed.answer), len(bare.answer))
	var ratios, costs []float64
	for b.Loop() {
		s, o := shed.round(b, turn), bare.round(b, turn)
		ratios = append(ratios, float64(s)/float64(o))
		costs = append(costs, float64(s)/turn)
	}
	slices.Sort(ratios)
	slices.Sort(costs)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(costs[len(costs)/2], "ns/refusal")
}
