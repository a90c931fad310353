package outbound_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// sized answers with n bytes, announced, chunked or compressed.
func sized(how string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var out io.Writer = w
		switch how {
		case "announced":
			w.Header().Set("Content-Length", strconv.Itoa(n))
		case "gzip":
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			defer zip.Close()
			out = zip
		}
		if how == "chunked" {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(out, io.LimitReader(zeros{}, int64(n)))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnAnswerIsLimited(t *testing.T) {
	const limit = 100_000
	for _, how := range []string{"announced", "chunked", "gzip"} {
		t.Run(how, func(t *testing.T) {
			for n, fits := range map[int]bool{0: true, 1: true, limit: true, limit + 1: false, 50 * limit: false} {
				c := client(t, sized(how, n), outbound.Config{Name: "stock", MaxResponse: limit, Timeout: time.Minute})
				body, err := fetch(c, get(t, t.Context(), "/all"))
				if fits {
					assert.NoError(t, err)
					assert.Len(t, body, n)
					continue
				}
				wantKind(t, err, problem.Upstream)
				assert.ErrorIs(t, err, outbound.ErrTooLarge)
				assert.Contains(t, err.Error(), "call stock: GET /all: the answer is too large: over the limit of 100KB")
				assert.AtMost(t, len(body), limit)
			}
		})
	}
}

func TestTheDefaultLimit(t *testing.T) {
	c := client(t, sized("chunked", outbound.DefaultMaxResponse+1), outbound.Config{Timeout: time.Minute})
	body, err := fetch(c, get(t, t.Context(), "/"))
	assert.ErrorIs(t, err, outbound.ErrTooLarge)
	assert.Len(t, body, 8<<20)
}

func TestNoLimit(t *testing.T) {
	c := client(t, sized("gzip", 10<<20), outbound.Config{MaxResponse: outbound.Unlimited, MaxConns: outbound.Unlimited, Timeout: time.Minute})
	body, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)
	assert.Len(t, body, 10<<20)
}

func TestAHeadSaysHowLargeTheAnswerWouldBe(t *testing.T) {
	c := client(t, sized("announced", 1000), outbound.Config{MaxResponse: 10})
	r := get(t, t.Context(), "/")
	r.Method = http.MethodHead
	res, err := c.Do(r)
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
	assert.Equal(t, res.ContentLength, 1000)
}

func TestHeadersAreLimited(t *testing.T) {
	size := 0
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", strings.Repeat("x", size)) }, outbound.Config{})
	size = 200 << 10
	_, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)
	size = 300 << 10
	_, err = fetch(c, get(t, t.Context(), "/"))
	wantKind(t, err, problem.Upstream)
}

func TestAnErrorOfTheBodyStays(t *testing.T) {
	c := client(t, sized("chunked", 100), outbound.Config{MaxResponse: 10})
	res, err := c.Do(get(t, t.Context(), "/"))
	assert.NoError(t, err)
	_, first := io.Copy(io.Discard, res.Body)
	_, second := res.Body.Read(make([]byte, 1))
	assert.ErrorIs(t, first, outbound.ErrTooLarge)
	assert.Equal(t, second, first)
	assert.NoError(t, res.Body.Close())
	assert.NoError(t, res.Body.Close())
}

func TestABodyMayBeClosedWhileItIsRead(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 10))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, outbound.Config{})
	res, err := c.Do(get(t, t.Context(), "/"))
	assert.NoError(t, err)
	_, err = io.ReadFull(res.Body, make([]byte, 10))
	assert.NoError(t, err)
	ended := make(chan error)
	go func() { _, err := io.Copy(io.Discard, res.Body); ended <- err }()
	assert.NoError(t, res.Body.Close())
	assert.Error(t, <-ended)
}
