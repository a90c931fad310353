package admission

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// statusWriter learns the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int // 0: none yet
}

// offering is the writer with the interfaces that handlers ask for by type
// assertion, as far as the one below has them.
func (w *statusWriter) offering() http.ResponseWriter {
	if _, ok := w.ResponseWriter.(http.Hijacker); ok {
		return hijacker{w}
	}
	return w
}

// WriteHeader notes the first final status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is an answer with 200 when nothing was said before.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps the way of a file to a socket short.
func (w *statusWriter) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	return io.Copy(w.ResponseWriter, src)
}

func (w *statusWriter) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is http.Flusher. On a writer that cannot flush it does nothing.
func (w *statusWriter) Flush() {
	w.begin()
	_ = http.NewResponseController(w.ResponseWriter).Flush() // Flush has no error to return
}

// hijacker is a statusWriter over one that can be hijacked (HTTP/1.1).
type hijacker struct{ *statusWriter }

// Hijack is http.Hijacker.
func (w hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.ResponseWriter.(http.Hijacker).Hijack()
}
