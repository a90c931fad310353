package fault_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
)

// open opens a sink for a test.
func open(t testing.TB, cfg fault.Config) *fault.Sink {
	t.Helper()
	s, err := fault.Open(cfg)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// caller is one raw connection to a sink.
type caller struct {
	t  testing.TB
	nc *net.TCPConn
	br *bufio.Reader
}

func dial(t testing.TB, s *fault.Sink) *caller {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr())
	assert.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	assert.NoError(t, nc.SetDeadline(time.Now().Add(20*time.Second)))
	return &caller{t, nc.(*net.TCPConn), bufio.NewReader(nc)}
}

func (c *caller) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.nc, text)
	assert.NoError(c.t, err)
}

// charge sends a POST of the body with further headers.
func (c *caller) charge(body string, headers ...string) {
	c.t.Helper()
	c.send(fmt.Sprintf("POST /charges HTTP/1.1\r\nHost: sink\r\nContent-Length: %d\r\n%s\r\n%s",
		len(body), strings.Join(append(headers, ""), "\r\n"), body))
}

// answer reads one whole answer.
func (c *caller) answer() (status int, body string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.br, nil)
	assert.NoError(c.t, err)
	text, err := io.ReadAll(res.Body)
	assert.NoError(c.t, err)
	return res.StatusCode, string(text)
}

// rest reads to the end of the connection, and says which end it was.
func (c *caller) rest() (text string, reset bool) {
	c.t.Helper()
	all, err := io.ReadAll(c.br)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		assert.NoError(c.t, err)
	}
	return string(all), err != nil
}

// hangUp leaves in an orderly way.
func (c *caller) hangUp() {
	c.t.Helper()
	assert.NoError(c.t, c.nc.Close())
}

// abort leaves by a reset.
func (c *caller) abort() {
	c.t.Helper()
	assert.NoError(c.t, c.nc.SetLinger(0))
	assert.NoError(c.t, c.nc.Close())
}

// arrived waits until that many calls have been read whole.
func arrived(t testing.TB, s *fault.Sink, n int) {
	t.Helper()
	assert.Eventually(t, 10*time.Second, func() bool {
		read := 0
		for _, r := range s.Snapshot(0).Records {
			if r.Read > 0 {
				read++
			}
		}
		return read >= n
	}, "%d calls have arrived", n)
}

// ended waits until no call is under way, and returns the records.
func ended(t testing.TB, s *fault.Sink) []fault.Record {
	t.Helper()
	assert.Eventually(t, 10*time.Second, func() bool { return s.Stats().InFlight == 0 }, "no call is under way")
	return s.Snapshot(0).Records
}
