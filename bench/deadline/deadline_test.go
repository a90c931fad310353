package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A request over one keep-alive connection, client and server together.
func BenchmarkLoopback(b *testing.B) {
	for _, w := range workloads {
		for _, v := range variants {
			b.Run(w.name+"/"+v.name, func(b *testing.B) {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				server := &http.Server{Handler: v.wrap(small)}
				go func() { _ = server.Serve(listener) }()
				defer server.Close()
				c, err := dial(listener.Addr().String(), w.request)
				if err != nil {
					b.Fatal(err)
				}
				defer c.conn.Close()
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
