package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// discard is a ResponseWriter that costs next to nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkChain is what the handlers take without a server around them: the
// CPU, of all processors and the collector's included, is steadier than the time.
func BenchmarkChain(b *testing.B) {
	chain, err := inServer(http.HandlerFunc(create), io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range []struct {
		name    string
		handler http.Handler
	}{
		{"bare", http.HandlerFunc(create)},
		{"careful stack", careful(http.HandlerFunc(create), io.Discard)},
		{"service", chain},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			b.Run(s.name+"/"+method, func(b *testing.B) {
				b.ReportAllocs()
				// As net/http has it: a context that is cancelled when the answer is complete.
				base := httptest.NewRequest(method, "/orders", http.NoBody)
				before := rounds.CPUTime()
				for b.Loop() {
					ctx, cancel := context.WithCancel(base.Context())
					r := base.WithContext(ctx)
					if method == http.MethodPost {
						r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
					}
					s.handler.ServeHTTP(&discard{header: http.Header{}}, r)
					cancel()
				}
				b.ReportMetric(float64(rounds.CPUTime()-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}
