package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// serve listens on loopback and runs handle on every connection until the test ends.
func serve(t testing.TB, handle func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	ended := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				handle(nc.(*net.TCPConn))
			}()
		}
	}()
	return l.Addr().String()
}

// readHead reads until the end of a head, byte by byte so that nothing behind it is taken.
func readHead(nc net.Conn) string {
	var head []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := nc.Read(b); err != nil {
			break
		}
		head = append(head, b[0])
	}
	return string(head)
}

// reset closes a connection with RST.
func reset(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}

func dial(t testing.TB, addr string, o wire.Options) *wire.Conn {
	t.Helper()
	c, err := wire.Dial(t.Context(), addr, o)
	assert.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// soon is a context that bounds a step of a test.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var get = wire.NewRequest("GET", "/").Header("Host", "test").End().Bytes()

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// A server that refuses a body while it is being sent, and then resets the connection because bytes of it are unread,
// must be seen to have refused it: thirty times, since it is a race.
func TestAnswerBeforeResetIsNotLost(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn) {
		readHead(nc)
		io.WriteString(nc, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbig\n")
		reset(nc)
	})
	head := wire.NewRequest("POST", "/").Header("Host", "test").Header("Content-Length", "67108864").End().String()
	for range 30 {
		body := io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, 64<<20))
		x, err := wire.Do(t.Context(), addr, body, wire.Wait{Linger: time.Second}, wire.Options{})
		assert.NoError(t, err)
		assert.NoError(t, x.Err, wire.Format(x.Events))
		assert.Equal(t, x.Response.Status, 413)
		assert.Equal(t, string(x.Response.Body), "big\n")
		assert.Equal(t, x.Close.Kind, wire.RST, wire.Format(x.Events))
		assert.True(t, x.Sent < 64<<20, "sending went on after the answer")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestCloseKinds(t *testing.T) {
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	for name, c := range map[string]struct {
		server func(*net.TCPConn)
		client func(*wire.Conn)
		want   wire.CloseKind
		answer bool
	}{
		"fin without an answer": {server: func(nc *net.TCPConn) { readHead(nc) }, want: wire.FIN},
		"fin after an answer":   {server: func(nc *net.TCPConn) { readHead(nc); io.WriteString(nc, ok) }, want: wire.FIN, answer: true},
		"rst without an answer": {server: func(nc *net.TCPConn) { readHead(nc); reset(nc) }, want: wire.RST},
		"rst with unread bytes": {server: func(nc *net.TCPConn) { nc.Read(make([]byte, 1)) }, want: wire.RST},
		"still open":            {server: func(nc *net.TCPConn) { readHead(nc); io.WriteString(nc, ok); <-hold }, want: wire.Open, answer: true},
		"closed by us":          {server: func(nc *net.TCPConn) { <-hold }, client: func(c *wire.Conn) { c.Close() }, want: wire.Local},
		"reset by us":           {server: func(nc *net.TCPConn) { <-hold }, client: func(c *wire.Conn) { c.Abort() }, want: wire.Local},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, serve(t, c.server), wire.Options{})
			assert.NoError(t, conn.Send(soon(t), get))
			if c.client != nil {
				c.client(conn)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if c.want == wire.Open {
				cancel() // no need to wait for what does not come
			}
			defer cancel()
			if c.answer {
				r, err := conn.Response(soon(t))
				assert.NoError(t, err)
				assert.Equal(t, r.Status, 200)
				assert.Equal(t, string(r.Body), "ok")
			}
			got := conn.AwaitClose(ctx)
			assert.Equal(t, got.Kind, c.want, conn.Transcript().String())
			if !c.answer && c.want != wire.Open {
				_, err := conn.Response(soon(t))
				assert.ErrorIs(t, err, wire.ErrClosed)
			}
		})
	}
}

func TestTruncatedAnswerIsHandedOut(t *testing.T) {
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		readHead(nc)
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
	}), wire.Options{})
	assert.NoError(t, conn.Send(soon(t), get))
	r, err := conn.Response(soon(t))
	assert.ErrorIs(t, err, wire.ErrClosed)
	assert.ErrorIs(t, err, wire.ErrTruncated)
	assert.Equal(t, r.Status, 200)
	assert.Equal(t, string(r.Body), "half")
	assert.False(t, r.Complete)
}

func TestBodyDelimitedByTheEnd(t *testing.T) {
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		readHead(nc)
		io.WriteString(nc, "HTTP/1.0 200 OK\r\n\r\nall of it")
	}), wire.Options{})
	assert.NoError(t, conn.Send(soon(t), get))
	r, err := conn.Response(soon(t))
	assert.NoError(t, err)
	assert.True(t, r.Complete)
	assert.False(t, r.KeepAlive)
	assert.Equal(t, string(r.Body), "all of it")
}

func TestResponseTimesOut(t *testing.T) {
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
		<-hold
	}), wire.Options{})
	<-conn.FirstByte()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := conn.Response(ctx)
	assert.ErrorIs(t, err, wire.ErrTimeout)
	assert.Equal(t, r.Status, 200)
	assert.Equal(t, conn.Closing().Kind, wire.Open)
}

func TestPipelinedAnswersKeepTheirOrder(t *testing.T) {
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 1\r\n\r\n2garbage")
	}), wire.Options{})
	first, err := conn.Response(soon(t))
	assert.NoError(t, err)
	second, err := conn.Response(soon(t))
	assert.NoError(t, err)
	assert.Equal(t, string(first.Body)+string(second.Body), "12")
	assert.Equal(t, second.Get("x"), "y")
	_, err = conn.Response(soon(t))
	assert.ErrorIs(t, err, wire.ErrClosed, "garbage without an end of line is a truncated response")
}

func TestDripStopsAtTheFirstByteOfAnAnswer(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn) {
		io.ReadFull(nc, make([]byte, 5))
		io.WriteString(nc, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		nc.CloseWrite()
		io.Copy(io.Discard, nc)
	})
	conn := dial(t, addr, wire.Options{})
	sent, err := conn.Drip(soon(t), wire.Drip{Data: []byte("a"), Every: 5 * time.Millisecond, Loop: true})
	assert.NoError(t, err)
	assert.AtLeast(t, sent, 5)
	r, err := conn.Response(soon(t))
	assert.NoError(t, err)
	assert.Equal(t, r.Status, 408)
	assert.Equal(t, conn.AwaitClose(soon(t)).Kind, wire.FIN)
	drip := conn.Transcript().Events()[1]
	assert.Equal(t, drip.Kind, "sent")
	assert.AtLeast(t, drip.Bytes, sent-1, "a drip is one event, but for a piece that met the answer")
	assert.Equal(t, int64(drip.Pieces), drip.Bytes)
}

func TestDripEndsWithItsContext(t *testing.T) {
	conn := dial(t, serve(t, func(nc *net.TCPConn) { io.Copy(io.Discard, nc) }), wire.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := conn.Drip(ctx, wire.Drip{Data: []byte("abc"), Size: 2, Every: 5 * time.Millisecond, Loop: true})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NoError(t, conn.Send(soon(t), get), "the connection is still usable")
}

func TestDripSendsItsDataOnce(t *testing.T) {
	got := make(chan string, 1)
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		b, _ := io.ReadAll(nc)
		got <- string(b)
	}), wire.Options{})
	sent, err := conn.Drip(soon(t), wire.Drip{Data: []byte("abcde"), Size: 2, Every: time.Millisecond})
	assert.NoError(t, err)
	assert.Equal(t, sent, 5)
	assert.NoError(t, conn.HalfClose())
	assert.Equal(t, <-got, "abcde")
	assert.Equal(t, conn.AwaitClose(soon(t)).Kind, wire.FIN)
}

// A send that waits for room in a full window ends with its context, and at the first byte of an answer if it is polite.
func TestSendIsInterrupted(t *testing.T) {
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	conn := dial(t, serve(t, func(nc *net.TCPConn) { <-hold }), wire.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := conn.Send(ctx, make([]byte, 64<<20))
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	answering := dial(t, serve(t, func(nc *net.TCPConn) {
		time.AfterFunc(50*time.Millisecond, func() { io.WriteString(nc, ok) })
		<-hold
	}), wire.Options{})
	sent, err := answering.Stream(soon(t), bytes.NewReader(make([]byte, 64<<20)))
	assert.NoError(t, err)
	assert.True(t, sent < 64<<20)
}

func TestDeafReaderBoundsItsWindow(t *testing.T) {
	wrote := make(chan int64, 1)
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		nc.SetWriteBuffer(4 << 10)
		nc.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		n, _ := io.Copy(nc, io.LimitReader(zeros{}, 8<<20))
		wrote <- n
	}), wire.Options{Deaf: true, ReceiveBuffer: 2 << 10})
	assert.AtMost(t, <-wrote, 1<<20, "the window was not bounded")
	select {
	case <-conn.FirstByte():
		t.Fatal("a deaf connection has read")
	default:
	}
	conn.Listen()
	<-conn.FirstByte()
	assert.Equal(t, conn.AwaitClose(soon(t)).Kind, wire.FIN)
}

func TestAbortIsSeenAsAReset(t *testing.T) {
	seen := make(chan error, 1)
	conn := dial(t, serve(t, func(nc *net.TCPConn) {
		_, err := io.Copy(io.Discard, nc)
		seen <- err
	}), wire.Options{})
	assert.NoError(t, conn.Send(soon(t), get))
	assert.NoError(t, conn.Abort())
	assert.ErrorIs(t, <-seen, syscall.ECONNRESET)
	assert.NoError(t, conn.Close(), "closing twice is legal")
}

func TestDialRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	addr := l.Addr().String()
	assert.NoError(t, l.Close())
	_, err = wire.Dial(t.Context(), addr, wire.Options{})
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestTranscriptIsBoundedAndPrintable(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn) {
		io.Copy(nc, io.LimitReader(zeros{}, 1<<20))
		io.Copy(io.Discard, nc)
	})
	origin := time.Now().Add(-time.Minute)
	conn := dial(t, addr, wire.Options{Origin: origin})
	for range 300 {
		assert.NoError(t, conn.Send(soon(t), []byte("\x1b[2J\"é\r\n")))
		assert.AtMost(t, len(conn.Transcript().Events()), 202)
	}
	assert.NoError(t, conn.HalfClose())
	assert.Equal(t, conn.AwaitClose(soon(t)).Kind, wire.FIN)
	text := conn.Transcript().String()
	assert.Contains(t, text, `\x00[x`)
	assert.AtMost(t, len(text), 64<<10)
	assert.Contains(t, text, `\x1b[2J"\u00e9\r\n`)
	assert.NotContains(t, text, "\x1b")
	assert.Contains(t, text, "the peer ends it: fin")
	stored, err := json.Marshal(conn.Transcript().Events())
	assert.NoError(t, err)
	var back []wire.Event
	assert.NoError(t, json.Unmarshal(stored, &back))
	assert.Equal(t, wire.Format(back), text)
	assert.AtLeast(t, back[0].At, time.Minute)
}

func TestExchangeAsJSON(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn) { readHead(nc); io.WriteString(nc, ok) })
	x, err := wire.Do(t.Context(), addr, bytes.NewReader(get), wire.Wait{Linger: 5 * time.Second}, wire.Options{})
	assert.NoError(t, err)
	assert.Equal(t, x.Close.Kind, wire.FIN)
	stored, err := json.Marshal(x)
	assert.NoError(t, err)
	var back wire.Exchange
	assert.NoError(t, json.Unmarshal(stored, &back))
	assert.Equal(t, back, x)
	assert.Error(t, json.Unmarshal([]byte(`"gone"`), new(wire.CloseKind)))
}

func TestTLS(t *testing.T) {
	addr, config := serveTLS(t)
	x, err := wire.Do(t.Context(), addr, bytes.NewReader(get), wire.Wait{Linger: 5 * time.Second}, wire.Options{TLS: config})
	assert.NoError(t, err)
	assert.NoError(t, x.Err)
	assert.Equal(t, x.Response.Status, 200)
	assert.Equal(t, x.Close.Kind, wire.FIN)
}
