package admission

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

func newController(tb testing.TB, cfg Config) *Controller {
	tb.Helper()
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// BenchmarkAtomicPair is what BenchmarkAcquireRelease is to be compared with.
func BenchmarkAtomicPair(b *testing.B) {
	var n atomic.Uint64
	for b.Loop() {
		n.Add(1)
		n.Add(^uint64(0))
	}
}

// BenchmarkClockPair is the part of BenchmarkAcquireRelease that is the clock.
func BenchmarkClockPair(b *testing.B) {
	c := newController(b, Config{})
	for b.Loop() {
		c.now()
		c.now()
	}
}

func BenchmarkAcquireRelease(b *testing.B) {
	c := newController(b, Config{})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		p, _ := c.Acquire(ctx, route.Critical)
		p.Release(Success)
	}
}

func BenchmarkAcquireReleaseWithDeadline(b *testing.B) {
	c := newController(b, Config{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		p, _ := c.Acquire(ctx, route.Critical)
		p.Release(Success)
	}
}

func BenchmarkAcquireReleaseContended(b *testing.B) {
	c := newController(b, Config{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			p, _ := c.Acquire(ctx, route.Critical)
			p.Release(Success)
		}
	})
}

// BenchmarkQueued hands one permit back and forth: every Acquire waits.
func BenchmarkQueued(b *testing.B) {
	c := newController(b, Config{Limit: 1, Queue: 64})
	b.SetParallelism(4)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			p, _ := c.Acquire(ctx, route.Critical)
			p.Release(Success)
		}
	})
}

func BenchmarkHopelessRefused(b *testing.B) {
	c := newController(b, Config{Limit: 1, Queue: NoQueue})
	ctx := context.Background()
	_, _ = c.Acquire(ctx, route.Critical)
	b.ReportAllocs()
	for b.Loop() {
		if c.Hopeless(ctx, route.Critical) == nil {
			b.Fatal("not refused")
		}
	}
}

// BenchmarkRefuse is a whole refusal but for the network, beside a handler that
// writes the same bytes.
func BenchmarkRefuse(b *testing.B) {
	for name, h := range map[string]http.Handler{"middleware": shedding(b), "bare": bareShed()} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			w := &nullWriter{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

type nullWriter struct{ header http.Header }

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *nullWriter) WriteHeader(int)             {}

// BenchmarkLook is what the processors' plane costs each time that it is due, 20
// times a second.
func BenchmarkLook(b *testing.B) {
	c := newController(b, Config{Mode: Adaptive})
	b.ReportAllocs()
	for b.Loop() {
		c.cpu.due.Store(0)
		c.look(c.now())
	}
}
