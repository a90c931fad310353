package budget

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// stall is how long a write that is under way at the deadline may still take. It covers the copy into the socket's
// buffer; a client that does not read needs more and is not waited for.
const stall = 10 * time.Millisecond

// guard is the http.ResponseWriter that a handler sees. It is unbuffered. Once it is shut the handler keeps a writer
// that answers http.ErrHandlerTimeout and reaches nothing of the real one: hence its own header map, and no Unwrap.
//
// As with net/http's own, a handler does not call two methods at once; only deadlines may be set beside a write.
type guard struct {
	real   http.ResponseWriter
	over   <-chan struct{}   // closed when the budget is spent: an answer may not begin any more; nil: it always may
	amend  func(http.Header) // the last word on the header of an answer; may be nil
	hijack bool              // Hijack is allowed

	header http.Header // the handler's own; nil until it is asked for
	seeded bool        // header began as a copy of the real one

	controlMu sync.Mutex
	released  bool // no deadline may be set any more

	gate     gate // whoever is inside uses the real writer and the fields below
	wrote    bool // the status line is with the real writer
	status   int
	bytes    int64
	err      error    // what the handler reported first
	hijacked net.Conn // the connection, when the handler took it
}

// open makes the guard ready for a handler. Headers that were set around the handler are visible to it, as in net/http.
func (g *guard) open(real http.ResponseWriter, over <-chan struct{}, e *Enforcement) {
	g.real, g.over, g.amend, g.hijack = real, over, e.Header, e.Hijack
	if outer := real.Header(); len(outer) > 0 {
		g.header, g.seeded = outer.Clone(), true
	}
}

// Header returns the handler's own header map.
func (g *guard) Header() http.Header {
	if g.header == nil {
		g.header = http.Header{}
	}
	return g.header
}

// WriteHeader sends the header with the status. As in net/http, 1xx may be sent before the final one, a second final
// one is ignored, and a status that is none panics.
func (g *guard) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if !g.gate.enter() {
		return
	}
	defer g.gate.leave()
	if status < 200 && status != http.StatusSwitchingProtocols {
		g.inform(status)
		return
	}
	_ = g.begin(status) // WriteHeader has no error to return
}

// Write sends a part of the body, after a 200 when there was no header yet.
func (g *guard) Write(p []byte) (int, error) {
	if !g.gate.enter() {
		return 0, http.ErrHandlerTimeout
	}
	defer g.gate.leave()
	if err := g.begin(http.StatusOK); err != nil {
		return 0, err
	}
	n, err := g.real.Write(p)
	g.bytes += int64(n)
	return n, err
}

// WriteString is Write for a string.
func (g *guard) WriteString(s string) (int, error) {
	if !g.gate.enter() {
		return 0, http.ErrHandlerTimeout
	}
	defer g.gate.leave()
	if err := g.begin(http.StatusOK); err != nil {
		return 0, err
	}
	n, err := io.WriteString(g.real, s)
	g.bytes += int64(n)
	return n, err
}

// Flush sends what the real writer holds, if it can.
func (g *guard) Flush() { _ = g.FlushError() } // http.Flusher has no error to return

// FlushError is Flush for http.ResponseController.
func (g *guard) FlushError() error {
	if !g.gate.enter() {
		return http.ErrHandlerTimeout
	}
	defer g.gate.leave()
	if err := g.begin(http.StatusOK); err != nil {
		return err
	}
	return http.NewResponseController(g.real).Flush()
}

// EnableFullDuplex is for http.ResponseController.
func (g *guard) EnableFullDuplex() error {
	if !g.gate.enter() {
		return http.ErrHandlerTimeout
	}
	defer g.gate.leave()
	return http.NewResponseController(g.real).EnableFullDuplex()
}

// SetReadDeadline is for http.ResponseController. The budget's deadline holds all the same.
func (g *guard) SetReadDeadline(t time.Time) error {
	g.controlMu.Lock()
	defer g.controlMu.Unlock()
	if g.released {
		return http.ErrHandlerTimeout
	}
	return http.NewResponseController(g.real).SetReadDeadline(t)
}

// SetWriteDeadline is for http.ResponseController. It does not wait for a write, which it may have to end.
func (g *guard) SetWriteDeadline(t time.Time) error {
	g.controlMu.Lock()
	defer g.controlMu.Unlock()
	if g.released {
		return http.ErrHandlerTimeout
	}
	return http.NewResponseController(g.real).SetWriteDeadline(t)
}

// Hijack hands the connection over, where the route allows it.
func (g *guard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !g.gate.enter() {
		return nil, nil, http.ErrHandlerTimeout
	}
	defer g.gate.leave()
	if !g.hijack {
		return nil, nil, fmt.Errorf("hijack: this route declares no stream: %w", http.ErrNotSupported)
	}
	if g.spent() {
		return nil, nil, http.ErrHandlerTimeout
	}
	conn, buffer, err := http.NewResponseController(g.real).Hijack()
	if err == nil {
		g.hijacked = conn
	}
	return conn, buffer, err
}

// RecordError keeps the cause of the handler's answer for Result.Err; the first one counts.
func (g *guard) RecordError(err error) {
	if !g.gate.enter() {
		return
	}
	defer g.gate.leave()
	if g.err == nil {
		g.err = err
	}
}

// begin makes sure that an answer has begun and returns why it may not go on. It may not begin once the budget is
// spent: a handler that wakes at its deadline and writes an error would else race with the 504 and be cut.
func (g *guard) begin(status int) error {
	switch {
	case g.hijacked != nil:
		return http.ErrHijacked
	case g.wrote:
		return nil
	case g.spent():
		return http.ErrHandlerTimeout
	}
	g.wrote, g.status = true, status
	g.copyHeader()
	g.real.WriteHeader(status)
	return nil
}

// spent reports that no answer may begin any more.
func (g *guard) spent() bool {
	select {
	case <-g.over:
		return !g.wrote
	default:
		return false
	}
}

// inform sends a 1xx. The real header map is as before afterwards, since the answer may become another's.
func (g *guard) inform(status int) {
	if g.wrote || g.hijacked != nil || g.spent() {
		return
	}
	dst := g.real.Header()
	outer := maps.Clone(dst)
	clear(dst)
	maps.Copy(dst, g.header)
	g.real.WriteHeader(status)
	clear(dst)
	maps.Copy(dst, outer)
}

// copyHeader makes the handler's header the real one.
func (g *guard) copyHeader() {
	dst := g.real.Header()
	if g.seeded {
		clear(dst) // what the handler deleted is gone
	}
	maps.Copy(dst, g.header)
	if g.amend != nil {
		g.amend(dst)
	}
}

// finish completes the answer of a handler that has returned, as net/http would: an empty 200 when it wrote nothing,
// else the trailers it has set since. The guard is shut.
func (g *guard) finish() {
	if !g.wrote {
		g.status = http.StatusOK
		g.copyHeader()
		return
	}
	if len(g.header) == 0 {
		return
	}
	dst := g.real.Header()
	for key, values := range g.header {
		if strings.HasPrefix(key, http.TrailerPrefix) {
			dst[key] = values
		}
	}
	for _, line := range dst["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			key := http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values, ok := g.header[key]; ok {
				dst[key] = values
			}
		}
	}
}
