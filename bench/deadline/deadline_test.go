package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A request over one keep-alive connection, client and server together.
func BenchmarkLoopback(b *testing.B) {
	for _, w := range workloads {
		for _, v := range variants {
			b.Run(w.name+"/"+v.name, func(b *testing.B) {
				server := httptest.NewServer(v.wrap(small))
				defer server.Close()
				c, err := dial(server.Listener.Addr().String(), w.request)
				if err != nil {
					b.Fatal(err)
				}
				defer c.close()
				b.ReportAllocs()
				for b.Loop() {
					if err := c.exchange(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The handler alone: what a variant adds to it.
func BenchmarkRecorder(b *testing.B) {
	for _, v := range variants {
		b.Run(v.name, func(b *testing.B) {
			h := v.wrap(small)
			r := httptest.NewRequest(http.MethodGet, "/orders/o_8f14e45f", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
