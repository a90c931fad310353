package load_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// What a service can do with a request, and what the row then says. Each is tried in the open and in the closed loop.
func TestOutcomes(t *testing.T) {
	first := func(nc *net.TCPConn) { nc.Read(make([]byte, 1024)) }
	say := func(text string) func(*net.TCPConn) {
		return func(nc *net.TCPConn) { first(nc); io.WriteString(nc, text); io.Copy(io.Discard, nc) }
	}
	for name, c := range map[string]struct {
		server func(*net.TCPConn)
		want   load.Row
		lost   bool
	}{
		"ok":             {server: say(ok), want: load.Row{Outcome: load.OK, Status: 200}},
		"redirect":       {server: say("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.OK, Status: 302}},
		"failed":         {server: say("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.Failed, Status: 500}},
		"not found":      {server: say("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.Failed, Status: 404}},
		"shed":           {server: say("HTTP/1.1 503 x\r\nRetry-After: 3\r\nPlimsoll-Executed: no\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.Shed, Status: 503, RetryAfter: 3, Flags: load.NotExecuted}},
		"shed, unmarked": {server: say("HTTP/1.1 429 x\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.Shed, Status: 429, RetryAfter: wire.BadRetryAfter}},
		"last answer":    {server: say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), want: load.Row{Outcome: load.OK, Status: 200, Flags: load.LastAnswer}},
		"until close":    {server: func(nc *net.TCPConn) { first(nc); io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\nall") }, want: load.Row{Outcome: load.OK, Status: 200, Flags: load.LastAnswer}},
		"long answer":    {server: say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)), want: load.Row{Outcome: load.OK, Status: 200}},
		"closed":         {server: first, want: load.Row{Outcome: load.Closed}, lost: true},
		"reset":          {server: func(nc *net.TCPConn) { first(nc); reset(nc) }, want: load.Row{Outcome: load.Reset}, lost: true},
		"truncated":      {server: func(nc *net.TCPConn) { first(nc); io.WriteString(nc, ok[:30]) }, want: load.Row{Outcome: load.Truncated, Status: 200}, lost: true},
		"malformed":      {server: say("220 smtp ready\r\n"), want: load.Row{Outcome: load.Malformed}, lost: true},
		"timeout":        {server: say(""), want: load.Row{Outcome: load.Timeout}},
		"slow answer":    {server: say(ok[:30]), want: load.Row{Outcome: load.Timeout, Status: 200}},
		"not asked for":  {server: say(ok + "HTTP/1.1 408 x\r\n\r\n"), want: load.Row{Outcome: load.OK, Status: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, func(nc *net.TCPConn, _ int) { c.server(nc) })
			if c.want.RetryAfter == 0 && c.want.Status != 0 {
				c.want.RetryAfter = wire.NoRetryAfter
			}
			res := run(t, load.Plan{Target: addr, Mix: get, Rate: 100, Duration: 30 * time.Millisecond, Arrival: load.Uniform, Fresh: 1, Deadline: 300 * time.Millisecond})
			assert.Len(t, res.Rows, 3)
			looped, err := load.Loop(t.Context(), load.ClosedLoop{Target: addr, Mix: get, Clients: 1, Duration: 100 * time.Millisecond, Deadline: 300 * time.Millisecond})
			assert.NoError(t, err)
			for i, r := range append(res.Rows, looped.Rows[0]) {
				got := load.Row{Status: r.Status, RetryAfter: r.RetryAfter, Outcome: r.Outcome, Flags: r.Flags &^ load.Fresh}
				if c.want.Status == 0 {
					got.RetryAfter = 0
				}
				if name == "not asked for" {
					got.Flags = 0 // whether what follows arrives with the answer is a matter of luck
				}
				assert.Equal(t, got, c.want, i)
				assert.Equal(t, r.Outcome.Lost(), c.lost)
				assert.NotZero(t, r.Written)
				assert.Equal(t, r.First > 0, c.want.Status > 0 || c.want.Outcome == load.Malformed)
			}
			assert.Equal(t, res.Incidents[0].Outcome, c.want.Outcome)
			assert.Contains(t, res.Incidents[0].Request, "GET / HTTP/1.1")
		})
	}
}

// A reset inside an answer: the client may have read its beginning or not, but lost it is.
func TestBrokenAnswer(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn, _ int) {
		nc.Read(make([]byte, 1024))
		io.WriteString(nc, ok[:30])
		<-after(50 * time.Millisecond)
		reset(nc)
	})
	res := run(t, load.Plan{Target: addr, Mix: get, Rate: 100, Duration: 30 * time.Millisecond, Arrival: load.Uniform})
	assert.Equal(t, res.Counts().Of(load.Broken), 3)
	assert.Equal(t, res.Counts().Lost(), 3)
	assert.Contains(t, res.Incidents[0].Received, "HTTP/1.1 200 OK")
	assert.Contains(t, res.Incidents[0].Error, "reset")
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	addr := l.Addr().String()
	l.Close()
	res := run(t, load.Plan{Target: addr, Mix: get, Rate: 100, Duration: 100 * time.Millisecond, Arrival: load.Uniform})
	assert.Equal(t, res.Counts().Of(load.Refused), 10)
	assert.Zero(t, res.Rows[0].Written)
	assert.Equal(t, res.Counts().Lost(), 0, "nothing was handed over, so nothing is lost")
}

func TestHeadHasNoBody(t *testing.T) {
	addr := serveRequests(t, func(*http.Request, []byte, int) string { return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" })
	mix := []load.Request{{Bytes: []byte("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")}}
	res := run(t, load.Plan{Target: addr, Mix: mix, Rate: 100, Duration: 100 * time.Millisecond, Arrival: load.Uniform})
	assert.Equal(t, res.Counts().Of(load.OK), 10)
}

// A request that the kernel does not take at once is written by a goroutine of its own: the schedule goes on, and an
// answer that comes before the end of the request ends the connection.
func TestLargeRequests(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 8<<20)
	mix := []load.Request{{Bytes: append(fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", len(body)), body...)}}
	addr := serveRequests(t, func(_ *http.Request, got []byte, _ int) string {
		if !bytes.Equal(got, body) {
			return "HTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\n"
		}
		return ok
	})
	plan := load.Plan{Target: addr, Mix: mix, Rate: 50, Duration: 200 * time.Millisecond, Arrival: load.Uniform, Conns: 2}
	res := run(t, plan)
	assert.Equal(t, res.Counts().Of(load.OK), 10, res.Counts())

	plan.Target = serve(t, func(nc *net.TCPConn, _ int) {
		io.ReadFull(nc, make([]byte, 1024))
		io.WriteString(nc, "HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n")
		<-t.Context().Done()
	})
	res = run(t, plan)
	assert.Equal(t, res.Counts().Of(load.Failed), 10, res.Counts())
	reused := 0
	for i := range res.Rows {
		assert.Equal(t, res.Rows[i].Status, 413)
		if res.Rows[i].Has(load.Reused) {
			reused++
		}
	}
	assert.AtMost(t, reused, 2, "only the connections opened before the start: a request that was cut short ends its connection")
}

func TestOutcomeNames(t *testing.T) {
	seen := map[string]bool{}
	for o := load.Unknown; o <= load.Local; o++ {
		text, err := json.Marshal(o)
		assert.NoError(t, err)
		var back load.Outcome
		assert.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, back, o)
		assert.NotZero(t, o.String())
		assert.False(t, seen[o.String()], o)
		seen[o.String()] = true
		assert.False(t, o.Lost() && o.Answered(), o)
		assert.True(t, o.Sent() || !o.Lost(), o)
	}
	assert.Error(t, json.Unmarshal([]byte(`"gone"`), new(load.Outcome)))
	assert.Equal(t, load.Outcome(99).String(), "outcome(99)")
}
