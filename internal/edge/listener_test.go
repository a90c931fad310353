package edge

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func listen(t *testing.T, c Config) *Listener {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	t.Cleanup(func() { _ = inner.Close() })
	return New(inner, c)
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	assert.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	assert.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

func TestTheRefusalIsAWholeAnswer(t *testing.T) {
	assert.Contains(t, refusal, "Content-Length: "+strconv.Itoa(len(refusalBody))+"\r\n")
}

func TestOverTheCapIsAnsweredAndDoesNotBlock(t *testing.T) {
	l := listen(t, Config{MaxConnections: 2, WriteStall: time.Second, MaxAge: time.Hour})
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
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
	assert.Equal(t, res.Header.Get("Retry-After"), "1")
	assert.Equal(t, string(body), refusalBody)
	assert.Equal(t, l.Refused(), 1)
	assert.Equal(t, l.Open(), 2)

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

func TestAWriteThatMakesNoProgressFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe() // unbuffered: a write waits for its reader
		defer client.Close()
		c := newConn(server, &Config{WriteStall: 10 * time.Second, MaxAge: time.Hour}, func() {})
		defer c.Close()
		began := time.Now()
		_, err := c.Write([]byte("nobody reads"))
		var timeout net.Error
		assert.True(t, asNetError(err, &timeout) && timeout.Timeout(), err)
		assert.AtMost(t, time.Since(began), 10*time.Second)
		assert.AtLeast(t, time.Since(began), 8*time.Second)
	})
}

func asNetError(err error, target *net.Error) bool {
	ne, ok := err.(net.Error) //nolint:errorlint // the test is of the error itself
	*target = ne
	return ok
}

func TestASlowReaderThatMakesProgressIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		c := newConn(server, &Config{WriteStall: 10 * time.Second, MaxAge: time.Hour}, func() {})
		defer c.Close()
		const size = 4 * chunk
		got := make(chan int64, 1)
		go func() {
			defer client.Close()
			var n int64
			for n < size {
				time.Sleep(6 * time.Second) // a chunk each: 24 s in all, never 10 s without
				m, err := io.CopyN(io.Discard, client, chunk)
				n += m
				if err != nil {
					break
				}
			}
			got <- n
		}()
		n, err := c.Write(make([]byte, size))
		assert.NoError(t, err)
		assert.Equal(t, n, size)
		assert.Equal(t, <-got, int64(size))
	})
}

func TestAnEarlierDeadlineFromAboveWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		c := newConn(server, &Config{WriteStall: 10 * time.Second, MaxAge: time.Hour}, func() {})
		defer c.Close()
		assert.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Second)))
		began := time.Now()
		_, err := c.Write([]byte("x"))
		assert.Error(t, err)
		assert.Equal(t, time.Since(began), time.Second)

		assert.NoError(t, c.SetDeadline(time.Time{})) // removed: the stall stays
		began = time.Now()
		_, err = c.Write([]byte("x"))
		assert.Error(t, err)
		assert.AtMost(t, time.Since(began), 10*time.Second)
	})
}

func TestAConnectionExpiresAtItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, server := net.Pipe()
		c := newConn(server, &Config{WriteStall: time.Second, MaxAge: 100 * time.Second}, func() {})
		defer c.Close()
		ctx := ConnContext(context.Background(), c)
		assert.False(t, Expired(ctx))
		time.Sleep(89 * time.Second)
		assert.False(t, Expired(ctx))
		time.Sleep(22 * time.Second)
		assert.True(t, Expired(ctx))
		assert.False(t, Expired(ConnContext(context.Background(), server)), "a connection that is not ours")
	})
}

func TestFitKeepsAReserve(t *testing.T) {
	n, lowered := Fit(1 << 40)
	assert.True(t, lowered)
	assert.AtLeast(t, n, 1)
	n, lowered = Fit(1)
	assert.Equal(t, n, 1)
	assert.False(t, lowered)
}

func BenchmarkWrite(b *testing.B) {
	p := make([]byte, 300)
	b.Run("bare", func(b *testing.B) {
		benchmarkWrite(b, func(c net.Conn) net.Conn { return c }, p)
	})
	b.Run("guarded", func(b *testing.B) {
		benchmarkWrite(b, func(c net.Conn) net.Conn {
			return newConn(c, &Config{WriteStall: 10 * time.Second, MaxAge: time.Hour}, func() {})
		}, p)
	})
}

func benchmarkWrite(b *testing.B, wrap func(net.Conn) net.Conn, p []byte) {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	raw, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	c := wrap(raw)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}
