package intake

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

func soon() time.Time { return time.Now().Add(10 * time.Second) }

// Bodies of every size around the places where something changes, by length and
// in chunks, plain and compressed, on one connection.
func TestBodiesAreTaken(t *testing.T) {
	s := serve(t, NewPool(0), func(*http.Request) Options {
		return Options{Max: 40_000, Small: 20_000, Gzip: true, Deadline: soon()}
	})
	s.Start()
	w := dial(t, s)
	for _, n := range []int{0, 1, upFront - 1, upFront, upFront + 1, 4 * upFront, 19_999, 20_000, 20_001, 30_000, 39_999, 40_000} {
		for _, chunks := range []int{0, 1000, 1 << 20} {
			for _, zipped := range []bool{false, true} {
				body, headers := pattern(n), ""
				sent := body
				if zipped {
					sent, headers = zip(t, body), gzipHeader
				}
				want := found("memory", body, n)
				switch {
				case n > 20_000 && (zipped || chunks > 0):
					want = found("streamed", body, -1)
				case n > 20_000:
					want = found("streamed", body, n)
				}
				w.send(t, post(headers, sent, chunks))
				res, got := w.answer(t)
				assert.Equal(t, res.StatusCode, 200, "%d bytes in chunks of %d: %s", n, chunks, got)
				assert.Equal(t, got, want, "%d bytes in chunks of %d, zipped %v", n, chunks, zipped)
				assert.False(t, res.Close)
			}
		}
	}
	assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
}

func TestOneByteTooMany(t *testing.T) {
	for name, small := range map[string]int64{"read whole": 20_000, "handed over": 10_000, "never begun": 100} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, NewPool(0), func(*http.Request) Options {
				return Options{Max: 20_000, Small: small, Gzip: true, Deadline: soon()}
			})
			s.Start()
			body := pattern(20_001)
			for how, sent := range map[string]string{
				"length":  post("", body, 0),
				"chunked": post("", body, 512),
				"gzip":    post(gzipHeader, zip(t, body), 0),
				"both":    post(gzipHeader, zip(t, body), 512),
			} {
				w := dial(t, s)
				_, _ = io.WriteString(w, sent) // may be cut off
				res, got := w.answer(t)
				assert.Equal(t, res.StatusCode, 413, how)
				assert.Equal(t, res.Header.Get("Content-Type"), problem.ContentType)
				assert.Contains(t, got, "20000 bytes", how)
				if name == "read whole" { // else net/http may find the rest of it in its buffer
					assert.True(t, res.Close, how)
				}
			}
			assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
		})
	}
}

// A length over the limit is refused before the body, and before 100 Continue.
func TestTooLongByItsOwnWord(t *testing.T) {
	s := serve(t, NewPool(0), fixed(Options{Max: 10, Deadline: soon()}))
	s.Start()
	for _, headers := range []string{"Content-Length: 11", "Content-Length: 67108864", "Content-Length: 11\r\nExpect: 100-continue"} {
		w := dial(t, s)
		w.send(t, "POST / HTTP/1.1\r\nHost: a\r\n", headers, "\r\n\r\n")
		res, _ := w.answer(t)
		assert.Equal(t, res.StatusCode, 413)
		assert.True(t, res.Close)
		_, err := w.in.ReadByte()
		assert.ErrorIs(t, err, io.EOF)
	}
}

func TestEncodings(t *testing.T) {
	for value, c := range map[string]struct{ plain, withGzip int }{
		"identity":                               {200, 200},
		"Identity":                               {200, 200},
		"gzip":                                   {415, 200},
		" GZIP ":                                 {415, 200},
		"x-gzip":                                 {415, 200},
		"":                                       {415, 415},
		"gzip, gzip":                             {415, 415},
		"gzip,":                                  {415, 415},
		",gzip":                                  {415, 415},
		"identity, gzip":                         {415, 415},
		"gzip, identity":                         {415, 415},
		"identity, identity":                     {415, 415},
		"gzip\r\nContent-Encoding: x":            {415, 415},
		"gzip\r\nContent-Encoding: gzip":         {415, 415},
		"identity\r\nContent-Encoding: identity": {415, 415},
		"br":                                     {415, 415},
		"deflate":                                {415, 415},
		"gzip;q=1":                               {415, 415},
		"gzi\u0070\u200b":                        {415, 415},
	} {
		for _, accept := range []bool{false, true} {
			s := serve(t, NewPool(0), fixed(Options{Gzip: accept, Deadline: soon()}))
			s.Start()
			body, status, accepted := []byte("hello"), c.plain, "identity"
			sent := body
			if accept {
				status, accepted = c.withGzip, "gzip, identity"
				if c.plain == 415 {
					sent = zip(t, body)
				}
			}
			w := dial(t, s)
			w.send(t, post("Content-Encoding: "+value+"\r\n", sent, 0))
			res, got := w.answer(t)
			assert.Equal(t, res.StatusCode, status, "%q, gzip accepted: %v", value, accept)
			if status == 415 {
				assert.Equal(t, res.Header.Get("Accept-Encoding"), accepted)
			} else {
				assert.Equal(t, got, found("memory", body, 5))
			}
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	good := zip(t, pattern(5000))
	broken := append([]byte(nil), good...)
	broken[len(broken)-5] ^= 1 // the checksum
	for name, small := range map[string]int64{"read whole": 20_000, "handed over": 100} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, NewPool(0), func(*http.Request) Options {
				return Options{Max: 20_000, Small: small, Gzip: true, Deadline: soon()}
			})
			s.Start()
			for how, sent := range map[string]string{
				"no gzip":          post(gzipHeader, []byte("not a gzip body at all"), 0),
				"empty gzip":       post(gzipHeader, nil, 10),
				"truncated gzip":   post(gzipHeader, good[:len(good)/2], 0),
				"checksum":         post(gzipHeader, broken, 0),
				"trailing garbage": post(gzipHeader, append(append([]byte(nil), good...), "garbage"...), 100),
				"chunk size":       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
				"chunk end":        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX",
			} {
				w := dial(t, s)
				w.send(t, sent)
				res, got := w.answer(t)
				if how == "empty gzip" { // nothing is a gzip body of no members
					assert.Equal(t, res.StatusCode, 200)
					continue
				}
				assert.Equal(t, res.StatusCode, 400, "%s: %s", how, got)
				assert.NotContains(t, got, "gzip:", how)
			}
			assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
		})
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	s := serve(t, NewPool(0), fixed(Options{Deadline: soon()}))
	s.Start()
	w := dial(t, s)
	w.send(t, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
	assert.NoError(t, w.Conn.(interface{ CloseWrite() error }).CloseWrite())
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 400)
}

func TestNotInTime(t *testing.T) {
	for name, small := range map[string]int64{"read whole": 100, "handed over": 1} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, NewPool(0), func(*http.Request) Options {
				return Options{Max: 100, Small: small, Gzip: true, Deadline: time.Now().Add(50 * time.Millisecond)}
			})
			s.Start()
			for how, sent := range map[string]string{
				"length":  "Content-Length: 10\r\n\r\n01234",
				"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
				"gzip":    gzipHeader + "Transfer-Encoding: chunked\r\n\r\n1\r\n\x1f\r\n",
			} {
				w := dial(t, s)
				start := time.Now()
				w.send(t, "POST / HTTP/1.1\r\nHost: a\r\n", sent)
				res, got := w.answer(t)
				assert.Equal(t, res.StatusCode, 408, "%s: %s", how, got)
				assert.True(t, res.Close, how)
				assert.AtLeast(t, time.Since(start), 50*time.Millisecond)
				_, err := w.in.ReadByte()
				assert.Error(t, err)
			}
			assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
		})
	}
}

// Once the body is there the deadline is no more: net/http would take it for the
// client's leaving.
func TestTheDeadlineEndsWithTheBody(t *testing.T) {
	for name, small := range map[string]int64{"read whole": 1000, "handed over": 10} {
		t.Run(name, func(t *testing.T) {
			passed := make(chan struct{})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				deadline := time.Now().Add(50 * time.Millisecond)
				r = r.Clone(r.Context())
				if err := NewPool(0).Read(w, r, Options{Small: small, Deadline: deadline}); err != nil {
					problem.Write(w, r, err)
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				time.AfterFunc(time.Until(deadline)+50*time.Millisecond, func() { passed <- struct{}{} })
				select {
				case <-passed:
				case <-r.Context().Done():
					t.Error("the request was cancelled")
					<-passed
				}
			}))
			s.EnableHTTP2 = true
			s.StartTLS()
			defer s.Close()
			res, err := s.Client().Post(s.URL, "", strings.NewReader(strings.Repeat("x", 500)))
			assert.NoError(t, err)
			assert.Equal(t, res.StatusCode, 200)
			assert.Equal(t, res.ProtoMajor, 2)
			_ = res.Body.Close()

			plain := httptest.NewServer(s.Config.Handler)
			defer plain.Close()
			res, err = http.Post(plain.URL, "", strings.NewReader(strings.Repeat("x", 500)))
			assert.NoError(t, err)
			assert.Equal(t, res.StatusCode, 200)
			_ = res.Body.Close()
		})
	}
}

// On h2 the same holds, and the connection goes on.
func TestHTTP2(t *testing.T) {
	s := serve(t, NewPool(0), func(r *http.Request) Options {
		return Options{Max: 1000, Gzip: true, Deadline: time.Now().Add(map[string]time.Duration{"/": 10 * time.Second, "/slow": 50 * time.Millisecond}[r.URL.Path])}
	})
	s.StartTLS()
	ask := func(path string, body io.Reader, headers ...string) (int, string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, body)
		assert.NoError(t, err)
		for _, h := range headers {
			k, v, _ := strings.Cut(h, ": ")
			r.Header.Set(k, v)
		}
		res, err := s.Client().Do(r)
		assert.NoError(t, err)
		defer res.Body.Close()
		assert.Equal(t, res.ProtoMajor, 2)
		assert.Equal(t, res.Header.Get("Connection"), "")
		got, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		return res.StatusCode, string(got)
	}
	body := pattern(1000)
	for range 2 {
		_, got := ask("/", strings.NewReader(string(body)))
		assert.Equal(t, got, found("memory", body, 1000))
		_, got = ask("/", io.MultiReader(strings.NewReader(string(body)))) // without a length
		assert.Equal(t, got, found("memory", body, 1000))
		_, got = ask("/", strings.NewReader(string(zip(t, body))), "Content-Encoding: gzip")
		assert.Equal(t, got, found("memory", body, 1000))
		status, _ := ask("/", strings.NewReader(strings.Repeat("x", 1001)))
		assert.Equal(t, status, 413)
		status, _ = ask("/", io.MultiReader(strings.NewReader(strings.Repeat("x", 1001))))
		assert.Equal(t, status, 413)
		status, _ = ask("/", strings.NewReader("x"), "Content-Encoding: br")
		assert.Equal(t, status, 415)
		hangs, end := io.Pipe()
		status, got = ask("/slow", hangs)
		assert.Equal(t, status, 408, got)
		_ = end.Close()
	}
	assert.Eventually(t, time.Second, func() bool { return s.pool.Held() == 0 })
}

func TestThePoolIsExhausted(t *testing.T) {
	s := serve(t, NewPool(3*upFront), fixed(Options{Gzip: true, Deadline: soon()}))
	s.Start()
	for how, sent := range map[string]string{
		"length":  post("", pattern(4*upFront), 0),
		"chunked": post("", pattern(4*upFront), 100),
		"gzip":    post(gzipHeader, zip(t, pattern(10)), 0),
	} {
		w := dial(t, s)
		w.send(t, sent)
		res, _ := w.answer(t)
		assert.Equal(t, res.StatusCode, 503, how)
		assert.Equal(t, res.Header.Get("Retry-After"), "1")
		assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
	}
	w := dial(t, s)
	w.send(t, post("", pattern(3*upFront), 0))
	res, _ := w.answer(t)
	assert.Equal(t, res.StatusCode, 200, "it was all given back")
}

func TestNoBody(t *testing.T) {
	p := NewPool(0)
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/", nil),
		{Method: http.MethodGet, Header: http.Header{"Content-Encoding": {"br"}}},
	} {
		w := httptest.NewRecorder()
		body := r.Body
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if err := p.Read(w, r, Options{}); err != nil || !InMemory(r) {
				t.Fatal(err)
			}
			Release(r.Body)
		}))
		assert.Equal(t, r.Body, body)
	}
}

// A small body with a length costs its own bytes and their reader.
func TestSmallBodiesAllocateOnce(t *testing.T) {
	p := NewPool(0)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.ContentLength = 1000
	content := strings.Repeat("x", 1000)
	src := strings.NewReader(content)
	body := io.NopCloser(src)
	allocs := testing.AllocsPerRun(100, func() {
		src.Reset(content)
		r.Body = body
		if err := p.Read(w, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := cap(r.Body.(*memory).buf); got != 1000 {
			t.Fatal(got)
		}
		Release(r.Body)
		Release(r.Body)
	})
	assert.Equal(t, allocs, 2)
	assert.Zero(t, p.Held())
}

// What is claimed is not what is taken.
func TestAClaimTakesLittle(t *testing.T) {
	p := NewPool(0)
	half, end := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "/", half)
	r.ContentLength = 1 << 20
	done := make(chan error)
	go func() { done <- p.Read(httptest.NewRecorder(), r, Options{}) }()
	_, _ = end.Write([]byte("x"))
	assert.Equal(t, p.Held(), upFront)
	_, _ = end.Write(make([]byte, upFront))
	assert.Equal(t, p.Held(), 4*upFront)
	_ = end.CloseWithError(io.ErrUnexpectedEOF)
	err := <-done
	assert.Equal(t, assert.ErrorAs[*problem.Error](t, err).Kind, problem.Invalid)
	assert.Zero(t, p.Held())
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind problem.Kind
	}{
		{fmt.Errorf("around: %w", errSlow), problem.Timeout},
		{&http.MaxBytesError{Limit: 7}, problem.TooLarge},
		{io.ErrUnexpectedEOF, problem.Invalid},
		{http.ErrBodyReadAfterClose, problem.Invalid},
	} {
		assert.Equal(t, classify(c.err).Kind, c.kind)
	}
}
