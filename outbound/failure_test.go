package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

func TestWhatADependencyBreaksIsUpstream(t *testing.T) {
	for how, serve := range map[string]func(net.Conn, int64) bool{
		"closes without an answer": func(net.Conn, int64) bool { return false },
		"resets without an answer": func(conn net.Conn, _ int64) bool { reset(conn); return false },
		"closes in the headers":    func(conn net.Conn, _ int64) bool { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: "); return false },
		"closes in the body":       func(conn net.Conn, _ int64) bool { _, _ = io.WriteString(conn, okay[:len(okay)-1]); return false },
		"resets in the body": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, okay[:len(okay)-1])
			reset(conn)
			return false
		},
		"sends garbage": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n\r\n")
			return false
		},
		"sends endless headers": func(conn net.Conn, _ int64) bool { return headersWithoutEnd(conn) },
		"sends two lengths": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
			return false
		},
		"breaks its chunks": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
			return false
		},
		"breaks its compression": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")
			return false
		},
		"switches protocols": func(conn net.Conn, _ int64) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			return true
		},
	} {
		t.Run(how, func(t *testing.T) {
			s := script(t, serve)
			c := s.client(t, "payments", 1)
			_, err := fetch(c, get(t, t.Context(), "/charges"))
			wantKind(t, err, problem.Upstream)
			assert.Contains(t, err.Error(), "upstream: a dependency failed: call payments: GET /charges: ")
			assert.Equal(t, s.requests.Load(), 1)
		})
	}
}

func headersWithoutEnd(conn net.Conn) bool {
	_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
	for i := 0; err == nil; i++ {
		_, err = fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
	}
	return false
}

func TestADependencyThatRefusesIsUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	assert.NoError(t, l.Close())
	c := outbound.New(nil, outbound.Config{URL: parse(t, "http://"+l.Addr().String())})
	_, err = fetch(c, get(t, t.Context(), "/"))
	wantKind(t, err, problem.Upstream)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestANameThatDoesNotResolveIsUpstream(t *testing.T) {
	c := outbound.New(nil, outbound.Config{URL: parse(t, "http://payments"), Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "payments", IsNotFound: true}}
	}})
	_, err := fetch(c, get(t, t.Context(), "/"))
	wantKind(t, err, problem.Upstream)
}

func TestFailuresShowNothingToOutsidersAndNoCredentialsToTheLog(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	assert.NoError(t, l.Close())
	c := outbound.New(nil, outbound.Config{Name: "payments", URL: parse(t, "http://admin:hunter2@"+l.Addr().String()+"/api?key=hunter2")})
	for _, path := range []string{"/charges?token=hunter2", "//hunter2@evil/", "/%zz?token=hunter2"} {
		for _, call := range []func() error{
			func() error { return c.GetJSON(t.Context(), path, nil) },
			func() error {
				r := get(t, t.Context(), "/")
				u, err := r.URL.Parse(path)
				if err != nil {
					return c.GetJSON(t.Context(), path, nil)
				}
				r.URL = u
				_, err = c.Do(r)
				return err
			},
		} {
			err := call()
			assert.Error(t, err)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "admin")
			w := recorder{httptest.NewRecorder()}
			problem.Write(w, httptest.NewRequest("GET", "/", nil), err)
			for _, inner := range []string{"hunter2", "127.0.0.1", "payments", "charges"} {
				assert.NotContains(t, w.Body.String(), inner)
			}
		}
	}
}

// A proxy that hands on its caller's body must not turn the caller's fault into the dependency's.
func TestAFaultOfTheRequestsOwnBodyKeepsItsKind(t *testing.T) {
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }, outbound.Config{})
	for kind, fault := range map[problem.Kind]error{
		problem.TooLarge: &http.MaxBytesError{Limit: 3},
		problem.Timeout:  problem.New(problem.Timeout, "the body did not arrive in time"),
		problem.Upstream: errors.New("broken"),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.MultiReader(strings.NewReader("abc"), failing{fault}))
		assert.NoError(t, err)
		_, err = fetch(c, r)
		wantKind(t, err, kind)
	}
}

// recorder takes the cause, which would go to the log.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) RecordError(error) {}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
