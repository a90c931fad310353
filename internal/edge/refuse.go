package edge

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	atOnce     = 64          // refusals that are under way
	refuseTime = time.Second // for one of them
	refuseRead = 64 << 10    // bytes of a request that is refused
)

// refusals answers connections that there is no room for. A client that gets its
// answer before it has asked, or a reset right behind it, may well not see it. So
// each gets a moment in a goroutine, a few at a time; the rest are just closed.
type refusals struct {
	free chan struct{} // holds a token for each that is under way

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}

	wg sync.WaitGroup
}

func (r *refusals) refuse(conn net.Conn) {
	select {
	case r.free <- struct{}{}:
	default:
		_ = conn.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = conn.Close()
		<-r.free
		return
	}
	if r.conns == nil {
		r.conns = map[net.Conn]struct{}{}
	}
	r.conns[conn] = struct{}{}
	r.wg.Go(func() {
		sayFull(conn)
		r.mu.Lock()
		delete(r.conns, conn)
		r.mu.Unlock()
		<-r.free
	})
}

// close ends the refusals that are under way and waits for them.
func (r *refusals) close() {
	r.mu.Lock()
	r.closed = true
	for conn := range r.conns {
		_ = conn.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// sayFull waits for the request, answers, and lets the client read the answer.
func sayFull(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if conn.SetDeadline(time.Now().Add(refuseTime)) != nil {
		return
	}
	first := make([]byte, 1<<10)
	if n, _ := conn.Read(first); n == 0 {
		return
	}
	if _, err := io.WriteString(conn, full(1+rand.IntN(3))); err != nil {
		return
	}
	if c, ok := conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, refuseRead))
	}
}

// full is the answer.
func full(retryAfter int) string {
	const body = `{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",` +
		`"title":"Temporary Reduced Capacity","status":503,` +
		`"detail":"too many connections are open; the request was not executed"}` + "\n"
	return fmt.Sprintf("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"+
		"Retry-After: %d\r\nPlimsoll-Executed: no\r\nConnection: close\r\n\r\n%s", len(body), retryAfter, body)
}
