package load

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// The deadline of a large request's writer must not outlive it: the next request on the connection, after that deadline,
// is written as any other.
func TestWriterLeavesNoDeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer l.Close()
	go func() {
		if nc, err := l.Accept(); err == nil {
			io.Copy(io.Discard, nc)
			nc.Close()
		}
	}()
	r := &run{origin: startNow(), addr: l.Addr().String()}
	c, err := r.dial(t.Context(), time.Now().Add(time.Second))
	assert.NoError(t, err)
	defer c.nc.Close()
	until := r.now() + 30*time.Millisecond
	r.workers.Add(1)
	c.write([]byte("the rest of a large request"), until)
	assert.False(t, c.writing, "it was all written")
	<-time.After(until + time.Millisecond - r.now())
	n, err := c.socket.try([]byte("next"), true)
	assert.NoError(t, err)
	assert.Equal(t, n, 4)
}

// BenchmarkAnswer is what one answer costs beside the system calls: parsing, the row, the counters, the ring.
func BenchmarkAnswer(b *testing.B) {
	answer := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"id\":\"o_1\",\"status\":\"ok\"}\n"
	live := new(Live)
	r := &run{origin: startNow(), rows: make([]Row, 1), live: live, pool: newPool(RoundRobin, 1, live)}
	r.incidents.seen[OK].Store(keepIncidents) // as after the first few
	c := &conn{run: r}
	buf := make([]byte, readSize)
	n := copy(buf, answer)
	r.pool.reserve()
	r.pool.add(c)
	b.ReportAllocs()
	for b.Loop() {
		r.rows[0] = Row{}
		r.flying.Add(1)
		c.row = 0
		c.parser.Reset(false)
		if c.step(buf, 0, n, nil) != rest || r.rows[0].Outcome != OK {
			b.Fatal("not answered")
		}
		r.pool.put(c)
		r.pool.take()
	}
}
