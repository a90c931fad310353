package intake

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

// Whatever arrives, however it is cut up: a body that is taken is what was sent,
// at most Max; anything else is a problem of the caller's; no memory is lost.
func FuzzRead(f *testing.F) {
	f.Add([]byte("hello"), false, int64(-1), uint16(10), uint16(5), false)
	f.Add(zip(f, []byte("hello")), true, int64(-1), uint16(10), uint16(5), true)
	f.Add(zip(f, make([]byte, 1<<16)), true, int64(-1), uint16(1000), uint16(1000), false)
	f.Add(zip(f, pattern(300))[:40], true, int64(-1), uint16(1000), uint16(100), false)
	f.Add(make([]byte, 20_000), false, int64(20_000), uint16(20_000), uint16(20_000), false)
	f.Add(make([]byte, 20_001), false, int64(-1), uint16(20_000), uint16(20_000), false)
	f.Fuzz(func(t *testing.T, sent []byte, zipped bool, length int64, most, small uint16, slowly bool) {
		o := Options{Max: int64(most), Small: int64(small), Gzip: true}.withDefaults()
		var src io.Reader = bytes.NewReader(sent)
		if slowly {
			src = iotest.OneByteReader(src)
		}
		r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(src))
		r.ContentLength = -1
		if length >= 0 {
			r.ContentLength = int64(len(sent)) // net/http makes the two agree
		}
		if zipped {
			r.Header.Set("Content-Encoding", "gzip")
		}
		p := NewPool(0)
		err := p.Read(httptest.NewRecorder(), r, o)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(io.LimitReader(r.Body, o.Max+1))
		}
		Release(r.Body)
		assert.Zero(t, p.Held())
		want, wantErr := expected(sent, zipped, o)
		var refusal *problem.Error
		switch {
		case errors.As(err, &refusal):
			assert.True(t, refusal.Kind == problem.Invalid || refusal.Kind == problem.TooLarge)
			assert.Error(t, wantErr, "refused with %v what is good", err)
		case err != nil:
			t.Fatalf("not a problem: %v", err)
		default:
			assert.NoError(t, wantErr)
			assert.Equal(t, string(got), string(want))
		}
	})
}

var errNotTaken = errors.New("not to be taken")

// expected is the same by the shortest way.
func expected(sent []byte, zipped bool, o Options) ([]byte, error) {
	if int64(len(sent)) > o.onTheWire(zipped) {
		return nil, errNotTaken
	}
	if !zipped {
		return sent, nil
	}
	if len(sent) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(z, o.Max+1))
	if err == nil && int64(len(body)) > o.Max {
		return nil, errNotTaken
	}
	return body, err
}

func FuzzCoding(f *testing.F) {
	for _, s := range []string{"", "gzip", "x-gzip", "identity", "gzip, gzip", "br"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, value string, accept bool) {
		zipped, refusal := coding([]string{value}, accept)
		assert.False(t, zipped && (!accept || refusal != nil))
		if refusal != nil {
			assert.Equal(t, refusal.Kind.Status(), http.StatusUnsupportedMediaType)
			assert.NotZero(t, refusal.Header.Get("Accept-Encoding"))
		}
	})
}
