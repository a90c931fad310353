package intake

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/plimsoll-go/plimsoll/problem"
)

// coding says whether a body is compressed, or why it is not taken. Exactly one
// coding is taken, in one line: a list is either a mistake or a way to have two
// readers disagree about the body. Names are case-insensitive, and x-gzip is gzip
// (RFC 9110 §8.4.1).
func coding(lines []string, acceptGzip bool) (zipped bool, refusal *problem.Error) {
	if len(lines) == 0 {
		return false, nil
	}
	if len(lines) == 1 {
		switch name := strings.ToLower(strings.TrimSpace(lines[0])); {
		case name == "identity":
			return false, nil
		case acceptGzip && (name == "gzip" || name == "x-gzip"):
			return true, nil
		}
	}
	if acceptGzip {
		return false, problem.New(problem.Unsupported, "the body may be sent as it is, or with Content-Encoding: gzip").
			WithHeader("Accept-Encoding", "gzip, identity")
	}
	return false, problem.New(problem.Unsupported, "the body must be sent without a Content-Encoding").
		WithHeader("Accept-Encoding", "identity")
}

// capped is what arrives of a compressed body.
type capped struct {
	src       io.Reader
	left, max int64
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.src.Read(p)
	if int64(n) > c.left {
		return 0, tooLarge(c.max)
	}
	c.left -= int64(n)
	return n, err
}

// unzipper is what can be used again for another body.
type unzipper struct {
	in  *bufio.Reader
	zip gzip.Reader
}

// unzipperSize is about what one takes: a window of 32 KiB, tables, a buffer.
const unzipperSize = 48 << 10

// inflater decompresses. Its memory is taken from the pool with the first Read,
// which is when the first byte is waited for.
type inflater struct {
	pool *Pool
	src  io.Reader
	zip  *unzipper // nil: nothing was read yet

	held     atomic.Int64 // of the pool
	released atomic.Bool
}

func (z *inflater) Read(p []byte) (int, error) {
	if z.zip == nil {
		if err := z.open(); err != nil {
			return 0, err
		}
	}
	return z.zip.zip.Read(p)
}

func (z *inflater) open() error {
	if !z.pool.take(unzipperSize) {
		return errExhausted
	}
	z.held.Store(unzipperSize)
	if z.released.Load() { // by then it was too late for release to see it
		z.release()
		return http.ErrBodyReadAfterClose
	}
	zip, ok := z.pool.unzippers.Get().(*unzipper)
	if !ok {
		zip = &unzipper{in: bufio.NewReader(nil)}
	}
	z.zip = zip
	zip.in.Reset(z.src)
	return zip.zip.Reset(zip.in)
}

// release gives its memory back to the pool, once.
func (z *inflater) release() {
	z.released.Store(true)
	z.pool.give(z.held.Swap(0))
}

// recycle is release, and lets other requests use what it was made of. Nobody may
// be reading from it any more.
func (z *inflater) recycle() {
	if z.zip != nil {
		z.zip.in.Reset(nil) // or it would keep this request
		z.pool.unzippers.Put(z.zip)
		z.zip = nil
	}
	z.release()
}
