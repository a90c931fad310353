package edge

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Listener allows. Every field must be positive, except TLS.
type Config struct {
	MaxConnections int           // open at once
	WriteStall     time.Duration // a write that makes no progress for so long fails
	MaxAge         time.Duration // of a connection, jittered by a tenth either way: see Expired
	TLS            bool          // refuse silently: the client could not read plain text
}

// Listener caps the connections of another listener. One over the cap is
// answered 503 and closed at once, without delaying the accepting of others.
type Listener struct {
	net.Listener
	config    Config
	open      atomic.Int64
	refused   atomic.Int64
	lingering chan struct{} // a token for each refused connection that is waited for
}

// lingerers are how many refused connections are waited for at once, each until
// its client has read the refusal. More are closed at once.
const lingerers = 64

// lingerTime is as long as net/http waits before it closes on a client that
// still sends.
const lingerTime = 500 * time.Millisecond

// New caps inner.
func New(inner net.Listener, c Config) *Listener {
	return &Listener{Listener: inner, config: c, lingering: make(chan struct{}, lingerers)}
}

// Open is how many connections are open.
func (l *Listener) Open() int64 { return l.open.Load() }

// Refused is how many connections were refused, ever.
func (l *Listener) Refused() int64 { return l.refused.Load() }

// Accept returns the next connection within the cap.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= int64(l.config.MaxConnections) {
			return newConn(inner, &l.config, sync.OnceFunc(func() { l.open.Add(-1) })), nil
		}
		l.open.Add(-1)
		l.refused.Add(1)
		l.refuse(inner)
	}
}

const refusal = "HTTP/1.1 503 Service Unavailable\r\n" +
	"Content-Type: application/problem+json\r\n" +
	"Content-Length: 177\r\n" +
	"Retry-After: 1\r\n" +
	"Plimsoll-Executed: no\r\n" +
	"Connection: close\r\n\r\n" + refusalBody

const refusalBody = `{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",` +
	`"title":"Temporary Reduced Capacity","status":503,"detail":"too many connections are open"}` + "\n"

// refuse says why in plain HTTP/1.1, which a client of any protocol here can at
// least show. Closing while the client's request is on its way would reset the
// connection and take the answer from it, so a few are waited for.
func (l *Listener) refuse(c net.Conn) {
	if l.config.TLS {
		_ = c.Close()
		return
	}
	select {
	case l.lingering <- struct{}{}:
	default:
		_ = c.Close()
		return
	}
	go func() {
		defer func() { <-l.lingering }()
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(lingerTime))
		if _, err := io.WriteString(c, refusal); err != nil {
			return
		}
		if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, c, 64<<10)
		}
	}()
}
