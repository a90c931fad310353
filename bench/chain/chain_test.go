package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/bench/internal/services"
)

// discard is a ResponseWriter that costs next to nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkChain is what the handlers take without a server around them: the
// CPU, of all processors and the collector's included, is steadier than the time.
func BenchmarkChain(b *testing.B) {
	for method, h := range map[string]http.HandlerFunc{http.MethodGet: read, http.MethodPost: create} {
		chain, err := services.Wrap(h, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("bare/"+method, func(b *testing.B) { benchmark(b, method, h) })
		b.Run("careful stack/"+method, func(b *testing.B) { benchmark(b, method, careful(h, io.Discard)) })
		b.Run("service/"+method, func(b *testing.B) { benchmark(b, method, chain) })
	}
}

func benchmark(b *testing.B, method string, h http.Handler) {
	b.Helper()
	b.ReportAllocs()
	base := httptest.NewRequest(method, "/orders", http.NoBody)
	before := rounds.CPUTime()
	for b.Loop() {
		ctx, cancel := context.WithCancel(base.Context()) // as net/http has it
		r := base.WithContext(ctx)
		if method == http.MethodPost {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		h.ServeHTTP(&discard{header: http.Header{}}, r)
		cancel()
	}
	b.ReportMetric(float64(rounds.CPUTime()-before)/float64(b.N), "cpu-ns/op")
}
