package intake

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func BenchmarkNoBody(b *testing.B) {
	p, w, r := NewPool(0), &deadlines{}, httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		_ = p.Read(w, r, Options{})
		Release(r.Body)
	}
}

// BenchmarkRead is a body read whole, but for the network.
func BenchmarkRead(b *testing.B) {
	plain, big := pattern(1000), pattern(100_000)
	for name, c := range map[string]struct {
		sent   []byte
		length int64
		gzip   bool
	}{
		"1 kB":         {plain, 1000, false},
		"1 kB chunked": {plain, -1, false},
		"1 kB gzip":    {zip(b, plain), -1, true},
		"100 kB":       {big, 100_000, false},
	} {
		b.Run(name, func(b *testing.B) {
			p, w, r := NewPool(0), &deadlines{}, httptest.NewRequest(http.MethodPost, "/", nil)
			src := bytes.NewReader(nil)
			body := io.NopCloser(struct{ io.Reader }{src})
			b.ReportAllocs()
			for b.Loop() {
				src.Reset(c.sent)
				r.Body, r.ContentLength = body, c.length
				if c.gzip {
					r.Header["Content-Encoding"] = []string{"gzip"}
				}
				if err := p.Read(w, r, Options{Gzip: c.gzip}); err != nil {
					b.Fatal(err)
				}
				Release(r.Body)
			}
		})
	}
}
