package attack

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

var create = spec.Operation{Name: "create", Request: spec.Request{
	Method: "POST", Path: "/orders/{{setup.id}}", Body: `{"customer":"c_{{unique}}","n":1}`,
	Headers: map[string]string{"Content-Type": "application/json", "Idempotency-Key": "{{unique}}"},
}}

// parsed is what a server makes of a request's bytes.
func parsed(t *testing.T, r io.Reader) (*http.Request, string) {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReader(r))
	assert.NoError(t, err)
	body, err := io.ReadAll(request.Body)
	assert.NoError(t, err)
	return request, string(body)
}

func TestARequestIsFilledIn(t *testing.T) {
	var words sequence
	a, err := ask(create, spec.Values{"setup.id": "o_1"}, func() string { return words.next(7) })
	assert.NoError(t, err)
	request, body := parsed(t, strings.NewReader(a.whole("127.0.0.1:80").String()))
	assert.Equal(t, request.URL.Path, "/orders/o_1")
	assert.Equal(t, request.Host, "127.0.0.1:80")
	assert.Equal(t, len(request.Header.Get("Idempotency-Key")), len(load.Unique))
	assert.Match(t, body, `^\{"customer":"c_[0-9a-f]{16}","n":1\}$`)
	assert.NotContains(t, body, request.Header.Get("Idempotency-Key"), "each word is another")

	_, err = ask(create, nil, func() string { return "u" })
	assert.Contains(t, err.Error(), "operation create: nothing is known for {{setup.id}}")
}

func TestWordsDependOnTheSeed(t *testing.T) {
	var a, b, c sequence
	assert.Equal(t, a.next(1), b.next(1))
	assert.NotEqual(t, a.next(1), a.next(1))
	assert.NotEqual(t, b.next(1), c.next(2))
}

// TestOversizeBodiesAreWhatTheySay reads each form as a server would.
func TestOversizeBodiesAreWhatTheySay(t *testing.T) {
	const size = 200_000
	a, err := ask(create, spec.Values{"setup.id": "o_1"}, func() string { return "u" })
	assert.NoError(t, err)
	want := `{"customer":"` + strings.Repeat("a", size) + `c_u","n":1}`
	for _, form := range []string{run.ByLength, run.ByChunks, run.ByGzip} {
		r, err := oversized(a, "host", form, size)
		assert.NoError(t, err, form)
		request, body := parsed(t, r)
		switch form {
		case run.ByLength:
			assert.Equal(t, request.ContentLength, int64(len(want)))
		case run.ByChunks:
			assert.Equal(t, request.TransferEncoding, []string{"chunked"})
		case run.ByGzip:
			assert.Equal(t, request.Header.Get("Content-Encoding"), "gzip")
			assert.AtMost(t, len(body), 2000, "it is small on the wire")
			unpacked, err := gzip.NewReader(strings.NewReader(body))
			assert.NoError(t, err)
			all, err := io.ReadAll(unpacked)
			assert.NoError(t, err)
			body = string(all)
		}
		assert.True(t, body == want, "%s: %d bytes", form, len(body))
	}
}

func TestABodyWithoutTextGrowsInFront(t *testing.T) {
	before, after := split("[1,2]")
	assert.Equal(t, before, "")
	assert.Equal(t, after, "[1,2]")
	before, after = split(`{"a": "b"}`)
	assert.Equal(t, before+"|"+after, `{"a": "|b"}`)
}
