package outbound

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// mostBuffered is the longest request body that is kept in memory so that it can be sent again, when the request does
// not say how to get it again.
const mostBuffered = 64 << 10

// replay hands out the body of a request, once for each attempt.
type replay struct {
	first io.ReadCloser                 // nil: there is none, or it was handed out
	again func() (io.ReadCloser, error) // nil: it can be read once only
	none  bool
}

// replayOf reads a short body that could not be had a second time. The request is the caller's and stays as it is.
func replayOf(r *http.Request) (replay, error) {
	switch {
	case r.Body == nil, r.Body == http.NoBody:
		return replay{none: true}, nil
	case r.GetBody != nil:
		return replay{first: r.Body, again: r.GetBody}, nil
	case r.ContentLength <= 0 || r.ContentLength > mostBuffered:
		return replay{first: r.Body}, nil
	}
	text := make([]byte, r.ContentLength)
	n, err := io.ReadFull(r.Body, text)
	_ = r.Body.Close() // it was read, or has failed
	if err != nil {
		return replay{}, fmt.Errorf("read the request's body: %w", err)
	}
	again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text[:n])), nil }
	return replay{again: again}, nil
}

// possible says that the body can be sent again.
func (p *replay) possible() bool { return p.none || p.again != nil }

// next is the body of the next attempt, nil for none.
func (p *replay) next() (io.ReadCloser, error) {
	if p.none {
		return nil, nil
	}
	if body := p.first; body != nil {
		p.first = nil
		return body, nil
	}
	return p.again()
}

// close closes a body that no attempt was given.
func (p *replay) close() {
	if p.first != nil {
		_ = p.first.Close() // as a RoundTripper must; nothing was read
		p.first = nil
	}
}

// sending is a request's body on its way. It keeps what the body failed with: that is no fault of the dependency.
type sending struct {
	io.ReadCloser
	mu  sync.Mutex
	err error
}

// Read implements [io.Reader].
func (s *sending) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return n, err
}

// failure is what the body failed with, nil if it has not.
func (s *sending) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
