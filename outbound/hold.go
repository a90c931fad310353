package outbound

import (
	"bytes"
	"io"
	"time"
)

// How much of an answer that may have to be returned after all is kept in memory during a pause, and how long it is
// waited for. A longer one keeps its connection.
const (
	mostHeld = 16 << 10
	holdTime = 50 * time.Millisecond
)

// hold reads a short answer, so that its connection is free for the next attempt.
func (r *result) hold() {
	if r.response == nil || r.held || r.response.ContentLength > mostHeld {
		return
	}
	r.held = true
	body := r.response.Body
	enough := time.AfterFunc(holdTime, func() { _ = body.Close() })
	defer enough.Stop()
	text, err := io.ReadAll(io.LimitReader(body, mostHeld+1))
	if err == nil && len(text) > mostHeld {
		r.response.Body = &begun{Reader: io.MultiReader(bytes.NewReader(text), body), Closer: body}
		return
	}
	r.response.Body = &held{Reader: bytes.NewReader(text), err: err}
}

// begun is an answer's body whose beginning is in memory.
type begun struct {
	io.Reader
	io.Closer
}

// discard ends an answer that another attempt replaces. A short one is read, so that its connection can be kept.
func (r *result) discard() {
	if r.response == nil {
		return
	}
	r.hold()
	_ = r.response.Body.Close() // the attempt is over either way
	r.response = nil
}

// held is an answer's body in memory, with what its reading ended with.
type held struct {
	*bytes.Reader
	err error
}

// Read implements [io.Reader].
func (h *held) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if err == io.EOF && h.err != nil {
		err = h.err
	}
	return n, err
}

// WriteTo implements [io.WriterTo], by which [io.Copy] would pass the error over.
func (h *held) WriteTo(w io.Writer) (int64, error) {
	n, err := h.Reader.WriteTo(w)
	if err == nil {
		err = h.err
	}
	return n, err
}

// Close implements [io.Closer].
func (h *held) Close() error { return nil }
