package edge

import (
	"io"
	"net"
	"testing"
	"time"
)

// BenchmarkWrite is what the watching costs a small answer, on loopback.
func BenchmarkWrite(b *testing.B) {
	for name, wrap := range map[string]func(l *Listener, c net.Conn) net.Conn{
		"bare":    func(_ *Listener, c net.Conn) net.Conn { return c },
		"watched": func(l *Listener, c net.Conn) net.Conn { return l.admit(c) },
	} {
		b.Run(name, func(b *testing.B) {
			l := listen(b, Config{})
			client := dial(b, l)
			inner, err := l.Listener.Accept()
			if err != nil {
				b.Fatal(err)
			}
			defer inner.Close()
			go func() { _, _ = io.Copy(io.Discard, client) }()
			c, p := wrap(l, inner), make([]byte, 300)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// nowhere is a connection that takes everything at no cost.
type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error)      { return len(p), nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkWatching is the watching alone.
func BenchmarkWatching(b *testing.B) {
	c := listen(b, Config{}).admit(nowhere{})
	p := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = c.Write(p)
	}
}
