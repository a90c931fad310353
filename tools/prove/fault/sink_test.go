package fault_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
)

func TestARecordSaysWhatACallWas(t *testing.T) {
	epoch := time.Now()
	s := open(t, fault.Config{Epoch: epoch, Keep: []string{"X-Tenant"}})
	c := dial(t, s)
	c.charge(`{"order":"o_1"}`, "Plimsoll-Budget: 1980", "plimsoll-attempt: 1", "traceparent: 00-abc", "Baggage: a=1", "baggage: b=2",
		"Idempotency-Key: k_1", "grpc-timeout: 5S", "X-Request-Timeout: 3", "x-tenant: t_1", "Tracestate: v=1", "Plimsoll-Class: critical")
	status, body := c.answer()
	assert.Equal(t, status, 200)
	assert.Equal(t, body, `{"id":"1","status":"succeeded"}`)

	r := s.Snapshot(0).Records[0] // a call that was answered is not pending, however soon one looks
	sum := sha256.Sum256([]byte(`{"order":"o_1"}`))
	assert.Equal(t, r.Carried, fault.Carried{
		Budget: "1980", Class: "critical", Attempt: "1", Traceparent: "00-abc", Tracestate: "v=1", Baggage: "a=1, b=2",
		IdempotencyKey: "k_1", GRPCTimeout: "5S", RequestTimeout: "3", More: map[string]string{"x-tenant": "t_1"},
	})
	assert.Equal(t, r.Hash, hex.EncodeToString(sum[:16]))
	assert.Equal(t, string(r.Body), `{"order":"o_1"}`)
	assert.Equal(t, r.Size, int64(15))
	assert.Equal(t, [3]int64{r.ID, r.Conn, int64(r.Nth)}, [3]int64{1, 1, 1})
	assert.Equal(t, r.Method+" "+r.Path, "POST /charges")
	assert.Equal(t, r.End, fault.Answered)
	assert.Equal(t, r.Status, 200)
	assert.True(t, 0 < r.Arrived && r.Arrived <= r.Read && r.Read <= r.Started && r.Started <= r.Ended)
	assert.AtMost(t, r.Ended, time.Since(epoch))
	assert.Equal(t, r.Held(0), r.Ended-r.Arrived)
}

func TestFramingDoesNotChangeTheHash(t *testing.T) {
	s := open(t, fault.Config{})
	c := dial(t, s)
	c.charge("hello, world")
	c.send("POST /charges HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: t\r\n\r\n")
	c.answer()
	c.answer()
	records := ended(t, s)
	assert.Equal(t, records[1].Hash, records[0].Hash)
	assert.Equal(t, records[1].Size, int64(12))
	assert.Equal(t, s.Snapshot(0).ByContent(), map[fault.Content]int{{Method: "POST", Path: "/charges", Hash: records[0].Hash}: 2})
}

func TestPipelinedCallsAreAnsweredInOrder(t *testing.T) {
	s := open(t, fault.Config{})
	c := dial(t, s)
	one := "GET /charges HTTP/1.1\r\n\r\n"
	c.send("\r\n" + strings.Repeat(one, 30))
	for n := range 30 {
		_, body := c.answer()
		assert.Contains(t, body, `"`+itoa(n+1)+`"`)
	}
	records := ended(t, s)
	assert.Len(t, records, 30)
	assert.Equal(t, records[29].Nth, 30)
	assert.Equal(t, s.Stats().Accepted, int64(1))
}

func TestABodyThatIsHeldBackIsAskedFor(t *testing.T) {
	s := open(t, fault.Config{})
	c := dial(t, s)
	head := "POST /charges HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
	c.send("GET /first HTTP/1.1\r\n\r\n" + head)
	c.answer()
	line, err := c.br.ReadString('\n')
	assert.NoError(t, err)
	assert.Equal(t, line, "HTTP/1.1 100 Continue\r\n")
	_, err = c.br.ReadString('\n')
	assert.NoError(t, err)
	c.send("{}")
	status, _ := c.answer()
	assert.Equal(t, status, 200)
}

func TestConnectionsEndWhenTheCallerWants(t *testing.T) {
	for _, request := range []string{
		"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
	} {
		c := dial(t, open(t, fault.Config{}))
		c.send(request)
		text, reset := c.rest()
		assert.False(t, reset)
		assert.Contains(t, text, "Connection: close")
		assert.True(t, strings.HasSuffix(text, "}"))
	}
	c := dial(t, open(t, fault.Config{}))
	c.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
	c.answer()
	c.charge("")
	c.answer()
}

func TestWhatIsNoRequestIsRecordedWithAReason(t *testing.T) {
	for text, want := range map[string]string{
		"\x16\x03\x01\x00\xa5":                 "TLS handshake",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":     "prior knowledge",
		"GET / HTTP/3.0\r\n\r\n":               "protocol version",
		"nonsense\r\n\r\n":                     "request line",
		"GET / HTTP/1.1\r\nbad header\r\n\r\n": "header line",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": "both",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n":                "chunk size",
		"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n" + strings.Repeat("x", 99):    "body over 10 bytes",
		"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 70_000) + "\r\n\r\n":           "over 64 KiB",
	} {
		s := open(t, fault.Config{MaxBody: 10})
		c := dial(t, s)
		c.send(text)
		answer, _ := c.rest()
		assert.Match(t, answer, `^HTTP/1.1 400 `, text)
		records := ended(t, s)
		assert.Equal(t, records[0].End, fault.Malformed)
		assert.Contains(t, records[0].Fault, want)
	}
}

func TestRefusingKeepsThePort(t *testing.T) {
	s := open(t, fault.Config{})
	kept := dial(t, s)
	kept.charge("")
	kept.answer()
	for range 50 {
		s.Refuse(fault.KeepConns)
		_, err := net.Dial("tcp", s.Addr())
		assert.True(t, errors.Is(err, syscall.ECONNREFUSED), err)
		assert.NoError(t, s.Resume())
		assert.NoError(t, s.Resume())
		c := dial(t, s)
		c.charge("")
		c.answer()
		c.hangUp()
	}
	kept.charge("")
	kept.answer()

	s.SetScript(fault.Always(fault.Hang()))
	kept.charge("")
	arrived(t, s, 53)
	s.Refuse(fault.ResetConns)
	_, reset := kept.rest()
	assert.True(t, reset)
	records := ended(t, s)
	assert.Equal(t, records[len(records)-1].End, fault.Severed)
}

func TestIdleConnectionsAreDropped(t *testing.T) {
	for _, how := range []fault.Departure{fault.FIN, fault.RST} {
		s := open(t, fault.Config{Script: fault.Sequence(fault.Answer(200, ""), fault.Hang())})
		idle, busy := dial(t, s), dial(t, s)
		idle.charge("")
		idle.answer()
		busy.charge("")
		arrived(t, s, 2)
		assert.Equal(t, s.DropIdle(how), 1)
		_, reset := idle.rest()
		assert.Equal(t, reset, how == fault.RST)
		s.Release()
		busy.answer()
		fresh := dial(t, s)
		fresh.hangUp()
	}
}

func TestAScriptCanBeReplacedWhileCallsHang(t *testing.T) {
	s := open(t, fault.Config{Script: fault.Always(fault.Hang())})
	hung, next := dial(t, s), dial(t, s)
	hung.charge("")
	arrived(t, s, 1)
	s.SetScript(fault.Sequence(fault.Status(500), fault.Answer(201, `{"id":"ch_{{n}}","key":"{{key}}"}`)))
	next.charge("")
	status, body := next.answer()
	assert.Equal(t, status, 500)
	assert.Equal(t, body, `{"error":"Internal Server Error"}`)
	for range 2 {
		next.charge("", `Idempotency-Key: "k"`)
		status, body = next.answer()
		assert.Equal(t, status, 201)
		assert.Contains(t, body, `"key":"\"k\""`)
	}
	assert.Equal(t, s.Snapshot(0).Ended(fault.Pending), 1)
	assert.Equal(t, s.Snapshot(0).ByKey(), map[string]int{`"k"`: 2})
	s.Release()
	status, _ = hung.answer()
	assert.Equal(t, status, 200)
}

func TestMemoryIsBounded(t *testing.T) {
	s := open(t, fault.Config{MaxRecords: 3, MaxConns: 2, BodyBytes: 4})
	c := dial(t, s)
	for range 5 {
		c.charge("0123456789")
		c.answer()
	}
	view := s.Snapshot(0)
	assert.Len(t, view.Records, 3)
	assert.Equal(t, view.Overflow, int64(2))
	assert.Equal(t, string(view.Records[0].Body), "0123")
	assert.Equal(t, view.Records[0].Size, int64(10))

	mark := s.Mark()
	s.Forget(mark)
	c.charge("")
	c.answer()
	view = s.Snapshot(mark)
	assert.Len(t, view.Records, 1)
	assert.Zero(t, view.Overflow)
	assert.Equal(t, view.Records[0].ID, int64(6))

	dial(t, s)
	nc, err := net.Dial("tcp", s.Addr()) // the reset may come before the dial returns
	if err == nil {
		_, err = nc.Read(make([]byte, 1))
		assert.NoError(t, nc.Close())
	}
	assert.ErrorIs(t, err, syscall.ECONNRESET)
	stats := s.Stats()
	assert.Equal(t, stats.OverConn, int64(1))
	assert.Equal(t, stats.MaxOpen, 2)
	assert.Equal(t, stats.Calls, int64(6))
}

func TestClosingLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := fault.Open(fault.Config{
		Capacity: fault.Capacity{Slots: 1, Service: time.Hour},
		Script:   fault.Routes([]fault.Route{{Path: "/hang", Then: fault.Always(fault.Hang())}}, nil),
	})
	assert.NoError(t, err)
	for _, path := range []string{"/hang", "/slow", "/waits"} {
		c := dial(t, s)
		c.send("GET " + path + " HTTP/1.1\r\n\r\n")
	}
	dial(t, s)
	half := dial(t, s)
	half.send("GET / HT")
	arrived(t, s, 3)
	assert.Eventually(t, 10*time.Second, func() bool { st := s.Stats(); return st.Calls == 4 && st.Open == 5 })
	assert.NoError(t, s.Close())
	assert.NoError(t, s.Close())
	assert.Error(t, s.Resume())
	assert.Equal(t, s.Snapshot(0).Ended(fault.Severed), 4)
	assert.Zero(t, s.Stats().Open)
	assert.Zero(t, s.Stats().InFlight)
	assert.Eventually(t, 10*time.Second, func() bool { return runtime.NumGoroutine() <= before })
}

func TestAConfigNamesAllItsFaults(t *testing.T) {
	_, err := fault.Open(fault.Config{
		Addr: "nonsense", Capacity: fault.Capacity{Slots: -1, Service: -1}, MaxBody: -1,
	})
	for _, want := range []string{"addr", "slots", "service time", "limits"} {
		assert.Contains(t, err.Error(), want)
	}
	s := open(t, fault.Config{})
	_, err = fault.Open(fault.Config{Addr: s.Addr()})
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
}
