package intake

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

// zeros is a body that repeats itself without taking memory here.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

const flood = 64 << 20

// 64 MiB, however they come, are refused having allocated little more than what
// the route takes. The attacker's own allocations are counted too.
func TestFloodsAreBoundedInMemory(t *testing.T) {
	bomb := []byte(post(gzipHeader, zip(t, make([]byte, flood)), 0))
	assert.AtMost(t, len(bomb), 1<<20)
	chunk := []byte("10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n")
	for name, small := range map[string]int64{"read whole": 1 << 20, "handed over": 1 << 16} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, NewPool(0), func(*http.Request) Options {
				return Options{Max: 1 << 20, Small: small, Gzip: true, Deadline: soon()}
			})
			s.Start()
			plain := io.LimitReader(zeros{}, flood)
			for how, attack := range map[string]func(w wire){
				"length": func(w wire) {
					w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n")
					_, _ = io.Copy(w, plain)
				},
				"chunked": func(w wire) {
					w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
					for range flood >> 16 {
						if _, err := w.Write(chunk); err != nil {
							return
						}
					}
				},
				"gzip": func(w wire) { _, _ = w.Write(bomb) },
			} {
				w := dial(t, s)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				done := make(chan struct{})
				go func() {
					defer close(done)
					attack(w)
				}()
				res, _ := w.answer(t)
				_ = w.Close()
				<-done
				runtime.ReadMemStats(&after)
				assert.Equal(t, res.StatusCode, 413, how)
				assert.AtMost(t, after.TotalAlloc-before.TotalAlloc, 5<<20, how)
			}
			assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
		})
	}
}

// A compressed body that decompresses to nothing, for ever.
func TestAnEndlessEmptyBodyEnds(t *testing.T) {
	s := serve(t, NewPool(0), func(*http.Request) Options { return Options{Max: 1 << 10, Gzip: true, Deadline: soon()} })
	s.Start()
	w := dial(t, s)
	nothing := zip(t, nil)
	var body []byte
	for len(body) < 1<<13 {
		body = append(body, nothing...)
	}
	w.send(t, post(gzipHeader, body, 1000))
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 413)
}

// 64 clients that upload by the byte get 408 at their deadline, take next to
// nothing, and good requests go on beside them.
func TestSlowUploaders(t *testing.T) {
	pool := NewPool(1 << 20)
	s := serve(t, pool, func(r *http.Request) Options {
		o := Options{Deadline: soon()}
		if r.URL.Path == "/slow" {
			o.Deadline = time.Now().Add(300 * time.Millisecond)
		}
		return o
	})
	s.Start()
	var slow sync.WaitGroup
	var cut atomic.Int64
	for range 64 {
		w := dial(t, s)
		slow.Go(func() {
			w.send(t, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
			stop := make(chan struct{})
			var sending sync.WaitGroup
			sending.Go(func() {
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-tick.C:
						_, _ = io.WriteString(w, "x")
					case <-stop:
						return
					}
				}
			})
			res, err := http.ReadResponse(w.in, nil)
			if err == nil && res.StatusCode == http.StatusRequestTimeout {
				cut.Add(1)
			}
			close(stop)
			sending.Wait()
		})
	}
	assert.Eventually(t, 5*time.Second, func() bool { return pool.Held() == 64*upFront })
	good := dial(t, s)
	for range 200 {
		good.send(t, post("", pattern(1000), 0))
		res, _ := good.answer(t)
		assert.Equal(t, res.StatusCode, 200)
	}
	slow.Wait()
	assert.Equal(t, cut.Load(), 64)
	assert.Zero(t, pool.Held())
}

// A handler that leaves a goroutine behind, still reading, gets no one else's
// bytes, and loses no memory of the pool.
func TestReadingAfterTheEnd(t *testing.T) {
	p := NewPool(0)
	for _, o := range []Options{{Stream: true, Gzip: true}, {Stream: true}, {Max: 1 << 20, Small: 10, Gzip: true}} {
		r, w := requestOf(string(zip(t, pattern(100_000)))), &deadlines{}
		if !o.Gzip {
			r.Header.Del("Content-Encoding")
		}
		assert.NoError(t, p.Read(w, r, o))
		some := make([]byte, 10)
		_, err := io.ReadFull(r.Body, some)
		assert.NoError(t, err)
		Release(r.Body)
		_, err = r.Body.Read(some)
		assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
		assert.Zero(t, p.Held())
	}
	late := &inflater{pool: p, src: zeros{}}
	late.release()
	_, err := late.Read(make([]byte, 10))
	assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	assert.Zero(t, p.Held())
}

// An error stays: a reader that tries again is not told that the body ended well.
func TestErrorsOfALargeBodyStay(t *testing.T) {
	p := NewPool(0)
	r, w := requestOf(string(zip(t, pattern(100_000)))), &deadlines{}
	assert.NoError(t, p.Read(w, r, Options{Max: 50_000, Small: 10, Gzip: true}))
	n, err := io.Copy(io.Discard, r.Body)
	assert.Equal(t, n, 50_000)
	assert.Equal(t, assert.ErrorAs[*problem.Error](t, err).Kind, problem.TooLarge)
	_, again := r.Body.Read(make([]byte, 10))
	assert.Equal(t, again, err)
	assert.True(t, w.cut(), "net/http would wait for the rest")
}
