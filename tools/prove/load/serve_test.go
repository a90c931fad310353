package load_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// ok is an answer that keeps its connection.
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// get is a mix of one request.
var get = []load.Request{{Name: "GET /", Bytes: []byte("GET / HTTP/1.1\r\nHost: test\r\n\r\n")}}

// serve listens on loopback and runs handle on every connection, numbered in the order in which they were accepted,
// until the test ends.
func serve(t testing.TB, handle func(nc *net.TCPConn, number int)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for number := 0; ; number++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				handle(nc.(*net.TCPConn), number)
			})
		}
	})
	return l.Addr().String()
}

// serveRequests answers every request with what answer returns; "" ends the connection.
func serveRequests(t testing.TB, answer func(r *http.Request, body []byte, conn int) string) string {
	return serve(t, func(nc *net.TCPConn, number int) {
		in := bufio.NewReader(nc)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(r.Body)
			text := answer(r, body, number)
			if text == "" {
				return
			}
			if _, err := io.WriteString(nc, text); err != nil {
				return
			}
		}
	})
}

// reset closes a connection with RST.
func reset(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}

// run carries out a plan and asserts what holds for every run: all is accounted for, twice, and nothing is left behind.
func run(t testing.TB, p load.Plan) *load.Result {
	t.Helper()
	res, err := runWith(t.Context(), t, p)
	assert.NoError(t, err)
	return res
}

func runWith(ctx context.Context, t testing.TB, p load.Plan) (*load.Result, error) {
	t.Helper()
	live := new(load.Live)
	p.Live = live
	res, err := load.Run(ctx, p)
	if res == nil {
		return nil, err
	}
	accounted(t, res, live)
	noRunner(t)
	return res, err
}

// accounted asserts that intended = sent + unsent, in the rows and in the live counters, and that every row is decided.
func accounted(t testing.TB, res *load.Result, live *load.Live) {
	t.Helper()
	c := res.Counts()
	assert.Equal(t, c.Intended, int64(len(res.Rows)))
	assert.Equal(t, c.Intended, c.Sent+c.Unsent)
	assert.Equal(t, c.Of(load.Unknown), 0)
	assert.Equal(t, live.Counts(), c)
	assert.Equal(t, live.InFlight(), 0)
	assert.Equal(t, live.Conns(), 0)
	for i := range res.Rows {
		r := &res.Rows[i]
		if r.Outcome.Sent() && (r.Picked < r.Intended || r.Last < r.Picked || r.First > r.Last) {
			t.Fatalf("row %d is out of order: %+v", i, r)
		}
	}
}

// noRunner asserts that no goroutine of a run is left; one that has said so may take a moment to be gone.
func noRunner(t testing.TB) {
	t.Helper()
	assert.Eventually(t, 5*time.Second, func() bool {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, of := range []string{"load.(*run)", "load.(*conn)", "load.(*client)"} {
			if bytes.Contains(stacks, []byte(of)) {
				return false
			}
		}
		return true
	}, "a goroutine is left")
}

// after is a channel that is closed after a time.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}
