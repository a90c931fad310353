package main

import (
	stdbytes "bytes"
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
				server := httptest.NewServer(v.wrap(small))
				defer server.Close()
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close()
				request, buffer := []byte(w.request), make([]byte, 4096)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := conn.Write(request); err != nil {
						b.Fatal(err)
					}
					n, err := conn.Read(buffer) // an answer is one segment
					if err != nil || !stdbytes.HasPrefix(buffer[:n], []byte("HTTP/1.1 200")) || !stdbytes.HasSuffix(buffer[:n], answer) {
						b.Fatalf("%q, %v", buffer[:n], err)
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
