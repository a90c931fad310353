package intake

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// DefaultSmall is Options.Small, and Options.Max, of 0.
const DefaultSmall = 1 << 20

// Options say what a route takes.
type Options struct {
	// Max is the largest body in bytes, after decompression; one of exactly
	// Max is taken. 0: DefaultSmall.
	Max int64

	// Small is the largest body that is read before the handler runs. What is
	// larger, up to Max, the handler reads itself. 0: DefaultSmall.
	Small int64

	// Gzip takes bodies with Content-Encoding: gzip, which the handler finds
	// decompressed. Any other encoding is refused.
	Gzip bool

	// Stream leaves the body to the handler, whatever its size. The client
	// must send at least 240 B/s once the first 5 s that it kept the handler
	// waiting are used up.
	Stream bool

	// Deadline is when the body must have arrived, also where the handler
	// reads it. It does not apply to streams. Zero: none.
	Deadline time.Time
}

// Read reads r's body and replaces it, before the handler runs. The error is a
// *problem.Error:
//
//	400  the body breaks off, or is not what its encoding says
//	408  it did not arrive by the deadline, or came too slowly
//	413  it is larger than Max
//	415  its Content-Encoding is not taken
//	503  the pool is exhausted
//
// A body that the handler reads itself returns the same errors from its Read.
// After an error of either kind net/http closes an HTTP/1 connection, for there
// is more of the body on it.
//
// Whoever called Read calls Release when the handler has returned.
func (p *Pool) Read(w http.ResponseWriter, r *http.Request, o Options) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	o = o.withDefaults()
	zipped, refusal := coding(r.Header["Content-Encoding"], o.Gzip)
	if refusal == nil && r.ContentLength > o.onTheWire(zipped) {
		refusal = tooLarge(o.Max)
	}
	if refusal != nil {
		return turnAway(w, r, o.Deadline, refusal)
	}
	var src io.Reader = r.Body
	if o.Stream {
		src = newPaced(w, r)
	} else if !o.Deadline.IsZero() {
		setReadDeadline(w, o.Deadline)
	}
	length := r.ContentLength
	if zipped {
		src = &inflater{pool: p, src: &capped{src: src, left: o.onTheWire(true), max: o.Max}}
		length = -1
	}
	if o.Stream || length > o.Small { // a body known to be large is not begun
		replace(r, newLarge(w, r, o, src, nil), length, zipped)
		return nil
	}
	return p.readSmall(w, r, o, src, length, zipped)
}

// largest keeps sums of sizes from overflowing.
const largest = 1 << 60

func (o Options) withDefaults() Options {
	if o.Max <= 0 {
		o.Max = DefaultSmall
	}
	if o.Small <= 0 {
		o.Small = DefaultSmall
	}
	o.Max = min(o.Max, largest)
	return o
}

// onTheWire is the most that may arrive. A little more than Max where it is
// compressed, since compression can make things longer: without a limit on what
// arrives, a body that decompresses to nothing would never end.
func (o Options) onTheWire(zipped bool) int64 {
	if zipped {
		return o.Max + o.Max/64 + 1<<10
	}
	return o.Max
}

// InMemory says that nothing of r's body is left to arrive.
func InMemory(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	_, ok := r.Body.(*memory)
	return ok
}

// Release gives the memory of a request's body back to the pool. It must not be
// needed any more. A second Release does nothing.
func Release(body io.Closer) {
	if b, ok := body.(interface{ release() }); ok {
		b.release()
	}
}

// readSmall reads the body whole, or hands it over once it turns out to be large.
func (p *Pool) readSmall(w http.ResponseWriter, r *http.Request, o Options, src io.Reader, length int64, zipped bool) error {
	m := &memory{pool: p}
	whole, err := m.fill(src, length, min(o.Small, o.Max))
	if err == nil && !whole && o.Max > o.Small {
		replace(r, newLarge(w, r, o, src, m), length, zipped)
		return nil
	}
	if z, ok := src.(*inflater); ok {
		z.recycle()
	}
	if err == nil && !whole {
		err = tooLarge(o.Max)
	}
	if err != nil {
		m.discard()
		return turnAway(w, r, o.Deadline, classify(err))
	}
	if !o.Deadline.IsZero() {
		// Once the body is read net/http watches the connection for the
		// client's leaving, and would take a deadline for that.
		setReadDeadline(w, time.Time{})
	}
	m.Reset(m.buf)
	replace(r, m, int64(len(m.buf)), zipped)
	return nil
}

// replace makes r say what its body is now.
func replace(r *http.Request, body io.ReadCloser, length int64, zipped bool) {
	r.Body, r.ContentLength = body, length
	if zipped {
		r.Header.Del("Content-Encoding")
		r.Header.Del("Content-Length")
	}
}

// lingerTime is how long net/http may go on reading a body after the answer, so
// that closing the connection does not destroy the answer on its way.
const lingerTime = 500 * time.Millisecond

// turnAway prepares the connection for an answer while the body is still on its
// way: the answer goes out at once and is the last.
func turnAway(w http.ResponseWriter, r *http.Request, deadline time.Time, refusal *problem.Error) error {
	linger := time.Now().Add(lingerTime)
	if !deadline.IsZero() && deadline.Before(linger) {
		linger = deadline
	}
	setReadDeadline(w, linger)
	if r.ProtoMajor == 1 {
		waitForClient(w)
		return refusal.WithHeader("Connection", "close")
	}
	return refusal
}

// waitForClient makes net/http wait before it closes an HTTP/1 connection, until
// the client can have read the answer: closing with a part of the body unread
// resets the connection. It does so by itself, but not when the client asked for
// the connection to be closed. A read over http.MaxBytesReader's limit is how it
// is told to.
func waitForClient(w http.ResponseWriter) {
	_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("-")), 0).Read(make([]byte, 1))
}

// setReadDeadline does nothing on a writer without deadlines: that is not one of
// a server, and its bodies do not come from a network.
func setReadDeadline(w http.ResponseWriter, t time.Time) {
	_ = http.NewResponseController(w).SetReadDeadline(t)
}
