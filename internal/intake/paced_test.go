package intake

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

// deadlines is a writer that takes read deadlines, as net/http's do, and passes
// them to a connection, if it has one.
type deadlines struct {
	httptest.ResponseRecorder
	conn net.Conn
	sets int
	last time.Time
}

func (d *deadlines) Header() http.Header { return http.Header{} }

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.sets++
	d.last = t
	if d.conn == nil {
		return nil
	}
	return d.conn.SetReadDeadline(t)
}

// cut says that the last deadline ended the reading.
func (d *deadlines) cut() bool { return !d.last.IsZero() && !d.last.After(time.Now()) }

func requestOf(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(body)))
	r.Header.Set("Content-Encoding", "gzip")
	return r
}

// upload is a stream's body as its handler sees it, and the client's end of it.
func upload(t *testing.T, http1 bool) (body io.Reader, client net.Conn, w *deadlines) {
	t.Helper()
	server, client := net.Pipe()
	t.Cleanup(func() { _, _ = server.Close(), client.Close() })
	w = &deadlines{conn: server}
	r := httptest.NewRequest(http.MethodPost, "/", server)
	if !http1 {
		r.ProtoMajor = 2
	}
	assert.NoError(t, NewPool(0).Read(w, r, Options{Stream: true, Max: 1 << 30}))
	return r.Body, client, w
}

func bothProtocols(t *testing.T, test func(t *testing.T, http1 bool)) {
	t.Helper()
	for name, http1 := range map[string]bool{"HTTP/1": true, "h2": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, http1) })
		})
	}
}

func TestASilentStreamIsCutAfterItsGrace(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http1 bool) {
		t.Helper()
		body, _, _ := upload(t, http1)
		start := time.Now()
		_, err := body.Read(make([]byte, 100))
		assert.Equal(t, assert.ErrorAs[*problem.Error](t, err).Kind, problem.Timeout)
		assert.Contains(t, err.Error(), "240 bytes")
		assert.AtLeast(t, time.Since(start), grace)
		assert.AtMost(t, time.Since(start), grace+grace/5)
	})
}

// At twice the minimum a client may go on for ever, at half of it ten seconds:
// five of grace, and as long again for what it sent.
func TestMinimumRate(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http1 bool) {
		t.Helper()
		for rate, want := range map[int]time.Duration{2 * minimum: time.Hour, minimum / 2: 2 * grace} {
			body, client, _ := upload(t, http1)
			start := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for time.Since(start) < time.Hour {
					time.Sleep(time.Second)
					if _, err := client.Write(make([]byte, rate)); err != nil {
						return
					}
				}
				_ = client.Close()
			}()
			_, err := io.Copy(io.Discard, body)
			took := time.Since(start)
			_ = client.Close()
			<-done
			if rate > minimum {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errSlow)
			}
			assert.AtLeast(t, took, want-grace/4) // the last of what it sends comes too late to count
			assert.AtMost(t, took, want+2*grace/5)
		}
	})
}

// A flood at first is no licence to be silent for long afterwards.
func TestNoCreditForSpeed(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http1 bool) {
		t.Helper()
		body, client, _ := upload(t, http1)
		go func() { _, _ = client.Write(make([]byte, 1<<20)) }()
		_, err := io.ReadFull(body, make([]byte, 1<<20))
		assert.NoError(t, err)
		start := time.Now()
		_, err = body.Read(make([]byte, 1))
		assert.ErrorIs(t, err, errSlow)
		assert.AtMost(t, time.Since(start), grace+grace/5)
	})
}

// A handler may take its time between reads: that is not the client's doing.
func TestASlowHandlerIsNotASlowClient(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http1 bool) {
		t.Helper()
		body, client, w := upload(t, http1)
		go func() {
			for range 20 {
				_, _ = client.Write([]byte("x"))
			}
			_ = client.Close()
		}()
		for range 20 {
			time.Sleep(time.Minute)
			_, err := io.ReadFull(body, make([]byte, 1))
			assert.NoError(t, err)
			if !http1 {
				assert.True(t, w.last.IsZero(), "a deadline would end the stream while nobody reads")
			}
		}
		_, err := body.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
		assert.True(t, w.last.IsZero())
	})
}

// On HTTP/1 a fast stream does not set a deadline for every read.
func TestDeadlinesAreSetSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, client, w := upload(t, true)
		go func() {
			for range 1000 {
				time.Sleep(time.Millisecond)
				_, _ = client.Write(make([]byte, 1000))
			}
			_ = client.Close()
		}()
		_, err := io.Copy(io.Discard, body)
		assert.NoError(t, err)
		assert.AtMost(t, w.sets, 5)
	})
}

// With a real server: the handler answers what the body told it, and the
// connection does not outlive a body that will not come.
func TestAStreamOverTheNetwork(t *testing.T) {
	s := serve(t, NewPool(0), fixed(Options{Stream: true, Max: 100_000, Gzip: true}))
	s.Start()
	w := dial(t, s)
	body := pattern(90_000)
	w.send(t, post("", body, 1000))
	_, got := w.answer(t)
	assert.Equal(t, got, found("streamed", body, -1))
	w.send(t, post(gzipHeader, zip(t, body), 0))
	_, got = w.answer(t)
	assert.Equal(t, got, found("streamed", body, -1))
	w.send(t, post("", pattern(100_001), 1000))
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 413)
	assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
}
