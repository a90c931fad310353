package outbound_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

func parse(tb testing.TB, raw string) config.URL {
	tb.Helper()
	u, err := config.ParseURL(raw)
	assert.NoError(tb, err)
	return u
}

// dial is the network of a server in memory, as a client's configuration takes it.
func dial(s *memhttp.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return s.Dial(ctx) }
}

// client calls a handler on a network in memory; it may run on fake time.
func client(tb testing.TB, h http.HandlerFunc, c outbound.Config) *outbound.Client {
	tb.Helper()
	s := memhttp.New(tb, h)
	c.Dial = dial(s)
	if c.URL.IsZero() {
		c.URL = parse(tb, memhttp.URL)
	}
	return outbound.New(nil, c)
}

func get(tb testing.TB, ctx context.Context, path string) *http.Request { //nolint:revive // testing.TB goes first
	tb.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	assert.NoError(tb, err)
	return r
}

// fetch makes a whole call and returns its body.
func fetch(c *outbound.Client, r *http.Request) (string, error) {
	res, err := c.Do(r)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return string(body), err
}

func wantKind(tb testing.TB, err error, kind problem.Kind) {
	tb.Helper()
	assert.Equal(tb, assert.ErrorAs[*problem.Error](tb, err).Kind, kind, "%v", err)
}

// scripted is a dependency below HTTP: what it does with a connection, a test says.
type scripted struct {
	listener net.Listener
	url      string
	requests atomic.Int64
	accepted atomic.Int64
}

// script listens on loopback and hands each connection, and each request on it, to serve until that says false.
func script(tb testing.TB, serve func(conn net.Conn, nth int64) bool) *scripted {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(tb, err)
	s := &scripted{listener: l, url: "http://" + l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			all.Go(func() { s.converse(conn, serve) })
		}
	})
	tb.Cleanup(func() { assert.NoError(tb, l.Close()); all.Wait() })
	return s
}

func (s *scripted) converse(conn net.Conn, serve func(net.Conn, int64) bool) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // so that a broken test ends
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if !serve(conn, s.requests.Add(1)) {
			return
		}
	}
}

// reset ends a connection with a RST instead of a FIN.
func reset(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }

// client calls the dependency, until the test ends.
func (s *scripted) client(tb testing.TB, name string, attempts int) *outbound.Client {
	tb.Helper()
	c := outbound.New(nil, outbound.Config{Name: name, URL: parse(tb, s.url), Attempts: attempts})
	tb.Cleanup(c.Transport().(interface{ CloseIdleConnections() }).CloseIdleConnections)
	return c
}

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
