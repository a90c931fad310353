package telemetry

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// recorder is the ResponseWriter of the stand-alone Handler: it knows what was
// answered. Everything the server's own writer can do is reached through Unwrap
// and http.NewResponseController; Flush, Hijack and ReadFrom are also here for
// handlers that ask for the interfaces.
type recorder struct {
	http.ResponseWriter
	status   int // 0 until an answer was begun
	bytes    int64
	err      error // that the handler reported
	writeErr error // of the connection
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// RecordError takes the cause of the answer; the first one is logged.
func (w *recorder) RecordError(err error) {
	if w.err == nil {
		w.err = err
	}
}

// WriteHeader notes the first status that is an answer; 1xx announce one.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.wrote(int64(n), err)
	return n, err
}

// ReadFrom keeps the server's way to send a file without copying it.
func (w *recorder) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	from, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	n, err := from.ReadFrom(src)
	w.wrote(n, err)
	return n, err
}

// Flush sends what was written so far, if the server can.
func (w *recorder) Flush() {
	w.begin()
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the interface has no way to fail
}

// Hijack hands over the connection. What is said on it is not counted.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (w *recorder) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

func (w *recorder) wrote(n int64, err error) {
	w.bytes += n
	if err != nil && w.writeErr == nil {
		w.writeErr = err
	}
}
