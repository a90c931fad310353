package edge

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func listen(tb testing.TB, c Config) *Listener {
	tb.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(tb, err)
	l := New(inner, c)
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

// accepting accepts everything; the connections come by the channel.
func accepting(t *testing.T, l *Listener) <-chan net.Conn {
	t.Helper()
	accepted := make(chan net.Conn, 200)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return accepted
}

func dial(tb testing.TB, l net.Listener) net.Conn {
	tb.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	assert.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	assert.NoError(tb, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

func TestOverTheCap(t *testing.T) {
	l := listen(t, Config{MaxConnections: 2})
	accepted := accepting(t, l)
	dial(t, l)
	dial(t, l)
	first, second := <-accepted, <-accepted

	over := dial(t, l)
	_, err := io.WriteString(over, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	assert.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(over), nil)
	assert.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	assert.Equal(t, res.StatusCode, 503)
	assert.Match(t, res.Header.Get("Retry-After"), "^[123]$")
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
	assert.Equal(t, res.Header.Get("Content-Type"), "application/problem+json")
	assert.True(t, res.Close)
	assert.Contains(t, string(body), "too many connections")
	assert.Equal(t, res.ContentLength, int64(len(body)))
	assert.Equal(t, [2]int64{l.Open(), l.Refused()}, [2]int64{2, 1})

	assert.NoError(t, first.Close())
	_ = first.Close() // gives its place back once
	assert.Equal(t, l.Open(), 1)
	dial(t, l)
	third := <-accepted
	assert.Equal(t, l.Open(), 2)
	assert.NoError(t, second.Close())
	assert.NoError(t, third.Close())
	assert.Equal(t, l.Open(), 0)
}

// Go's own client, which takes an answer before its question for a broken
// connection, reads the refusal.
func TestAClientReadsItsRefusal(t *testing.T) {
	l := listen(t, Config{MaxConnections: 1})
	accepted := accepting(t, l)
	dial(t, l)
	<-accepted
	for range 20 {
		client := &http.Client{Transport: &http.Transport{}}
		res, err := client.Post("http://"+l.Addr().String(), "", strings.NewReader(strings.Repeat("x", 10_000)))
		assert.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		assert.NoError(t, err)
		assert.Equal(t, res.StatusCode, 503)
		_ = res.Body.Close()
	}
}

// Clients over the cap that say nothing hold up nobody, and end soon.
func TestAFloodOfSilentConnections(t *testing.T) {
	l := listen(t, Config{MaxConnections: 1})
	accepted := accepting(t, l)
	dial(t, l)
	held := <-accepted
	silent := make([]net.Conn, 0, 3*atOnce)
	for range 3 * atOnce {
		silent = append(silent, dial(t, l))
	}
	assert.Eventually(t, 5*time.Second, func() bool { return l.Refused() == 3*atOnce })
	assert.AtMost(t, len(l.refusals.free), atOnce)
	assert.NoError(t, held.Close())
	dial(t, l)
	_ = (<-accepted).Close()
	for _, c := range silent {
		_, err := c.Read(make([]byte, 1))
		assert.False(t, errors.Is(err, context.DeadlineExceeded), "not ended")
		assert.Error(t, err)
	}
}

// Closing the listener ends the refusals that are under way.
func TestCloseWaitsForRefusals(t *testing.T) {
	l := listen(t, Config{MaxConnections: 1})
	accepted := accepting(t, l)
	dial(t, l)
	open := <-accepted
	dial(t, l)
	assert.Eventually(t, 5*time.Second, func() bool { return len(l.refusals.free) == 1 })
	start := time.Now()
	assert.NoError(t, l.Close())
	assert.AtMost(t, time.Since(start), refuseTime/2)
	assert.Zero(t, len(l.refusals.free))
	assert.Error(t, l.Close())
	_, err := open.Write([]byte("x"))
	assert.NoError(t, err, "what was accepted stays")

	server, client := net.Pipe()
	l.refusals.refuse(server) // one that was accepted at the last moment
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
}

func TestUnderTLSNothingIsSaid(t *testing.T) {
	l := listen(t, Config{MaxConnections: 1, TLS: true})
	accepted := accepting(t, l)
	dial(t, l)
	<-accepted
	over := dial(t, l)
	got, err := io.ReadAll(over)
	assert.NoError(t, err)
	assert.Zero(t, len(got))
	assert.Equal(t, l.Refused(), 1)
}

func TestUnlimited(t *testing.T) {
	l := listen(t, Config{MaxConnections: Unlimited, WriteStall: Unlimited, MaxAge: Unlimited})
	accepted := accepting(t, l)
	client := dial(t, l)
	c := <-accepted
	assert.False(t, Expired(ConnContext(t.Context(), c)))
	_, err := c.Write([]byte("x"))
	assert.NoError(t, err)
	_, err = client.Read(make([]byte, 1))
	assert.NoError(t, err)
	assert.Equal(t, c.(*Conn).window.Load(), never, "no deadline is set")
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		want  int
		files uint64
		most  int
		less  bool
	}{
		{10_000, 20_000, 10_000, false},
		{10_000, 11_024, 10_000, false},
		{10_000, 11_023, 9_999, true},
		{10_000, 1024, 768, true},
		{10_000, 256, 128, true},
		{10_000, 100, 1, true},
		{10_000, 0, 1, true},
		{Unlimited, 1024, 768, true},
		{1, 1024, 1, false},
		{1 << 40, 1 << 63, 1<<31 - 1, true},
	} {
		most, less := fit(c.want, c.files)
		assert.Equal(t, [2]any{most, less}, [2]any{c.most, c.less}, "%+v", c)
	}
	most, lowered := Fit(1)
	assert.Equal(t, most, 1)
	assert.False(t, lowered)
}
