package edge

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// pipes is a listener whose connections are in memory.
type pipes struct {
	net.Listener
	conns chan net.Conn
}

func (p pipes) Accept() (net.Conn, error) { return <-p.conns, nil }

// pair is a connection as the listener gives it, and the client's end. What one
// writes the other must be reading: nothing lies in between.
func pair(t *testing.T, cfg Config) (server *Conn, client net.Conn) {
	t.Helper()
	p := pipes{conns: make(chan net.Conn, 1)}
	inner, client := net.Pipe()
	p.conns <- inner
	conn, err := New(p, cfg).Accept()
	assert.NoError(t, err)
	t.Cleanup(func() { _, _ = conn.Close(), client.Close() })
	return conn.(*Conn), client
}

const stall = 8 * time.Second

func TestAStalledWriteIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Config{WriteStall: stall})
		start := time.Now()
		_, err := c.Write(make([]byte, 100))
		assert.Equal(t, time.Since(start), stall)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Contains(t, err.Error(), "stalled")
		assert.True(t, assert.ErrorAs[net.Error](t, err).Timeout())
		assert.Equal(t, c.listener.Stalled(), 1)

		go func() { _, _ = io.Copy(io.Discard, client) }()
		start = time.Now()
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "what it missed cannot be made up for")
		assert.Zero(t, time.Since(start))
		assert.Equal(t, c.listener.Stalled(), 1)
	})
}

// The time runs from the write that stalls, not from a window before it.
func TestAStallAfterOtherWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rest := range []time.Duration{0, time.Millisecond, stall / windows / 2, stall/windows - time.Millisecond, stall, time.Hour} {
			c, client := pair(t, Config{WriteStall: stall})
			go func() { _, _ = io.ReadFull(client, make([]byte, 1)) }()
			_, err := c.Write([]byte("x"))
			assert.NoError(t, err)
			time.Sleep(rest)
			start := time.Now()
			_, err = c.Write([]byte("x"))
			assert.Error(t, err)
			assert.Equal(t, time.Since(start), stall, "%v after another", rest)
		}
	})
}

// However slowly a client takes it, as long as it takes something.
func TestASlowReaderIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Config{WriteStall: stall})
		want := make([]byte, 100)
		_, _ = rand.Read(want)
		got := make(chan []byte)
		go func() {
			all := make([]byte, 0, len(want))
			for range want {
				time.Sleep(stall - time.Second)
				one := make([]byte, 1)
				_, _ = io.ReadFull(client, one)
				all = append(all, one...)
			}
			got <- all
		}()
		n, err := c.Write(want)
		assert.NoError(t, err)
		assert.Equal(t, n, len(want))
		assert.Equal(t, <-got, want)
	})
}

// One that takes something and then nothing is cut soon after its stall.
func TestAStallInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Config{WriteStall: stall})
		var last time.Time
		go func() {
			for range 5 {
				time.Sleep(3 * time.Second)
				last = time.Now()
				_, _ = io.ReadFull(client, make([]byte, 10))
			}
		}()
		n, err := c.Write(make([]byte, 100))
		assert.Error(t, err)
		assert.Equal(t, n, 50)
		assert.AtLeast(t, time.Since(last), stall)
		assert.AtMost(t, time.Since(last), stall+stall/windows)
	})
}

// Writes that are not held up leave the deadline alone most of the time.
func TestDeadlinesAreSetSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		counted := &countedConn{Conn: server}
		p := pipes{conns: make(chan net.Conn, 1)}
		p.conns <- counted
		c, err := New(p, Config{WriteStall: stall}).Accept()
		assert.NoError(t, err)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, client)
		}()
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			_, err := c.Write([]byte("x"))
			assert.NoError(t, err)
		}
		assert.AtMost(t, counted.sets, 12) // 10 s, one a second at most
		_ = c.Close()
		<-done
	})
}

type countedConn struct {
	net.Conn
	sets int
}

func (c *countedConn) SetWriteDeadline(t time.Time) error {
	c.sets++
	return c.Conn.SetWriteDeadline(t)
}

// Deadlines from above hold, whenever they are set, and only they.
func TestDeadlinesFromAbove(t *testing.T) {
	write := func(t *testing.T, c *Conn, want time.Duration) {
		t.Helper()
		start := time.Now()
		_, err := c.Write([]byte("x"))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Since(start), want)
	}
	for name, test := range map[string]func(t *testing.T, c *Conn){
		"earlier": func(t *testing.T, c *Conn) {
			t.Helper()
			_ = c.SetWriteDeadline(time.Now().Add(3 * time.Second))
			write(t, c, 3*time.Second)
			write(t, c, 0)
			_ = c.SetWriteDeadline(time.Time{})
			write(t, c, stall)
		},
		"later": func(t *testing.T, c *Conn) {
			t.Helper()
			_ = c.SetDeadline(time.Now().Add(time.Hour))
			write(t, c, stall)
		},
		"passed": func(t *testing.T, c *Conn) {
			t.Helper()
			_ = c.SetWriteDeadline(time.Unix(1, 0))
			write(t, c, 0)
		},
		"long ago, removed": func(t *testing.T, c *Conn) {
			t.Helper()
			_ = c.SetDeadline(time.Unix(1, 0))
			_ = c.SetDeadline(time.Time{})
			write(t, c, stall)
		},
		"after a long rest": func(t *testing.T, c *Conn) {
			t.Helper()
			go func() { _, _ = io.ReadFull(c.NetConn(), make([]byte, 0)) }()
			time.Sleep(time.Hour)
			_ = c.SetWriteDeadline(time.Now().Add(2 * time.Second))
			write(t, c, 2*time.Second)
		},
		"during the write": func(t *testing.T, c *Conn) {
			t.Helper()
			time.AfterFunc(time.Second, func() { _ = c.SetWriteDeadline(time.Now().Add(2 * time.Second)) })
			write(t, c, 3*time.Second)
		},
		"at once, during the write": func(t *testing.T, c *Conn) {
			t.Helper()
			time.AfterFunc(time.Second, func() { _ = c.SetWriteDeadline(time.Unix(1, 0)) })
			write(t, c, time.Second)
		},
		"removed during the write": func(t *testing.T, c *Conn) {
			t.Helper()
			_ = c.SetWriteDeadline(time.Now().Add(2 * time.Second))
			time.AfterFunc(time.Second, func() { _ = c.SetWriteDeadline(time.Time{}) })
			write(t, c, stall)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := pair(t, Config{WriteStall: stall})
				test(t, c)
			})
		})
	}
}

func TestReadDeadlinesAreTheConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, Config{})
		for _, set := range []func(time.Time) error{c.SetReadDeadline, c.SetDeadline} {
			assert.NoError(t, set(time.Now().Add(time.Hour)))
			start := time.Now()
			_, err := c.Read(make([]byte, 1))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, time.Since(start), time.Hour)
		}
	})
}

// Two writes at once come out one after the other, also when they are held up.
// (In real time: a mutex that is waited for stops the fake one.)
func TestWritesAreWhole(t *testing.T) {
	c, client := pair(t, Config{WriteStall: time.Second})
	var wg sync.WaitGroup
	for _, b := range []string{"a", "b"} {
		wg.Go(func() {
			_, err := c.Write([]byte(strings.Repeat(b, 5)))
			assert.NoError(t, err)
		})
	}
	pause := time.NewTicker(300 * time.Millisecond) // longer than a window
	defer pause.Stop()
	got := make([]byte, 10)
	for i := range got {
		if i%5 < 2 {
			<-pause.C
		}
		_, err := io.ReadFull(client, got[i:i+1])
		assert.NoError(t, err)
	}
	wg.Wait()
	assert.Match(t, string(got), "^(a{5}b{5}|b{5}a{5})$")
}

func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const age = 100 * time.Second
		seen := map[int64]bool{}
		for range 20 {
			c, _ := pair(t, Config{MaxAge: age})
			ctx := ConnContext(t.Context(), c)
			assert.AtLeast(t, c.retires, int64(age)*8/10)
			assert.AtMost(t, c.retires, int64(age))
			seen[c.retires] = true
			time.Sleep(age*8/10 - 1)
			assert.False(t, Expired(ctx))
			time.Sleep(age*2/10 + 1)
			assert.True(t, Expired(ctx))
		}
		assert.AtLeast(t, len(seen), 10, "not all at once")
		_, other := pair(t, Config{})
		assert.False(t, Expired(ConnContext(t.Context(), other)), "not one of ours")
		assert.False(t, Expired(context.Background()))
	})
}

func TestCloseWrite(t *testing.T) {
	l := listen(t, Config{})
	accepted := accepting(t, l)
	client := dial(t, l)
	server := (<-accepted).(*Conn)
	assert.NoError(t, server.CloseWrite())
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, l.Open(), 1)

	c, _ := pair(t, Config{})
	assert.ErrorIs(t, c.CloseWrite(), errors.ErrUnsupported)
}

// With net/http: a client that does not read its answer is cut, and its handler
// told.
func TestAServerCutsAStalledClient(t *testing.T) {
	l := listen(t, Config{WriteStall: 200 * time.Millisecond})
	told := make(chan error, 1)
	srv := &http.Server{ConnContext: ConnContext, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Value(connKey{}).(*Conn); !ok {
			t.Error("the connection is not in the context")
		}
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 1<<20))
		}
		<-r.Context().Done()
		told <- err
	})}
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	client := dial(t, l)
	_, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	assert.NoError(t, err)
	assert.ErrorIs(t, <-told, os.ErrDeadlineExceeded)
	assert.Eventually(t, 5*time.Second, func() bool { return l.Open() == 0 })
	assert.NoError(t, srv.Close())
	assert.ErrorIs(t, <-served, http.ErrServerClosed)
}
