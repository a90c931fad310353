package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

// server reads bodies with a pool and answers with what it found: the size and
// hash of the body, or the problem.
type server struct {
	*httptest.Server
	pool *Pool
}

func serve(t *testing.T, pool *Pool, options func(*http.Request) Options) *server {
	t.Helper()
	s := &server{pool: pool}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		err := pool.Read(w, r, options(r))
		defer Release(r.Body)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		where := "streamed"
		if InMemory(r) {
			where = "memory"
		}
		hash := sha256.New()
		n, err := io.Copy(hash, r.Body)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		fmt.Fprintf(w, "%s %d %d %x", where, n, r.ContentLength, hash.Sum(nil))
	}))
	s.EnableHTTP2 = true
	t.Cleanup(s.Close)
	return s
}

// found is what the server answers for a body that it took.
func found(where string, body []byte, length int) string {
	return fmt.Sprintf("%s %d %d %x", where, len(body), length, sha256.Sum256(body))
}

func fixed(o Options) func(*http.Request) Options {
	return func(*http.Request) Options { return o }
}

// wire is one raw connection.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dial(tb testing.TB, s *server) wire {
	tb.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	assert.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	assert.NoError(tb, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return wire{conn, bufio.NewReader(conn)}
}

func (w wire) send(tb testing.TB, parts ...string) {
	tb.Helper()
	_, err := io.WriteString(w, strings.Join(parts, ""))
	assert.NoError(tb, err)
}

func (w wire) answer(tb testing.TB) (*http.Response, string) {
	tb.Helper()
	res, err := http.ReadResponse(w.in, nil)
	assert.NoError(tb, err)
	body, err := io.ReadAll(res.Body)
	assert.NoError(tb, err)
	return res, string(body)
}

// post is the head of a request and its body, framed.
func post(headers string, body []byte, chunks int) string {
	if chunks == 0 {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n%s", headers, len(body), body)
	}
	var b strings.Builder
	b.WriteString("POST / HTTP/1.1\r\nHost: a\r\n" + headers + "Transfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		n := min(len(body), chunks)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.String()
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 3)
	}
	return b
}

func zip(tb testing.TB, body []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(body)
	assert.NoError(tb, err)
	assert.NoError(tb, z.Close())
	return b.Bytes()
}

const gzipHeader = "Content-Encoding: gzip\r\n"
