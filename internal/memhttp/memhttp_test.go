package memhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
)

func TestServesBothProtocols(t *testing.T) {
	s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(w, r.Body)
		assert.NoError(t, err)
		_, err = io.WriteString(w, " "+r.Proto)
		assert.NoError(t, err)
	}))
	for client, want := range map[*http.Client]string{s.Client(): "x HTTP/1.1", s.ClientH2(): "x HTTP/2.0"} {
		res, err := client.Post(memhttp.URL, "text/plain", strings.NewReader("x"))
		assert.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, string(body), want)
	}
	assert.Zero(t, s.Log())
}

// Time is fake, and a handler that sleeps an hour takes none.
func TestRunsOnFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Hour)
			w.WriteHeader(http.StatusTeapot)
		}))
		start := time.Now()
		res, err := s.ClientH2().Get(memhttp.URL)
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, res.StatusCode, http.StatusTeapot)
		assert.Equal(t, time.Since(start), time.Hour)
	})
}

func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l := memhttp.Listen()
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	client, err := l.Dial(t.Context(), "", "")
	assert.NoError(t, err)
	return client, <-accepted
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pair(t)
		assert.NoError(t, server.SetReadDeadline(time.Now().Add(time.Minute)))
		start := time.Now()
		_, err := server.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Since(start), time.Minute)

		assert.NoError(t, server.SetReadDeadline(time.Time{})) // none again
		_, err = client.Write([]byte("x"))
		assert.NoError(t, err)
		n, err := server.Read(make([]byte, 8))
		assert.NoError(t, err)
		assert.Equal(t, n, 1)

		assert.NoError(t, client.SetDeadline(time.Now().Add(time.Minute)))
		n, err = client.Write(make([]byte, 1<<20)) // nobody reads
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, n, 64<<10)
		_, err = client.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestCloseKeepsWhatWasWritten(t *testing.T) {
	client, server := pair(t)
	_, err := io.WriteString(client, "last words")
	assert.NoError(t, err)
	assert.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
	_, err = client.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
	text, err := io.ReadAll(server)
	assert.NoError(t, err)
	assert.Equal(t, string(text), "last words")
	assert.NoError(t, server.Close())
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	assert.NoError(t, client.Close())
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, net.ErrClosed)
}

func TestClosedListenerRefuses(t *testing.T) {
	l := memhttp.Listen()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Dial(ctx, "", "")
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, l.Close())
	assert.NoError(t, l.Close())
	_, err = l.Dial(t.Context(), "", "")
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = l.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
}

func TestRawConnectionAndLog(t *testing.T) {
	s := memhttp.New(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	conn, err := s.Dial(t.Context())
	assert.NoError(t, err)
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: mem.test\r\n\r\n")
	assert.NoError(t, err)
	_, err = bufio.NewReader(conn).ReadByte()
	assert.ErrorIs(t, err, io.EOF)
	assert.Contains(t, s.Log(), "boom")
	assert.Equal(t, s.HTTP().Addr, "")
}
