package servicetest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// streaming serves streams of two kinds, and something else.
func streaming(_ context.Context, svc *plimsoll.Service, _ empty) error {
	svc.HandleFunc("GET /ok", func(http.ResponseWriter, *http.Request) {})
	svc.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, route.Stream(time.Hour))
	svc.HandleFunc("GET /socket", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = rw.Flush()
		go func() { // the handler returns, the connection stays
			defer conn.Close()
			_, _ = rw.ReadByte()
		}()
	}, route.Stream(time.Hour))
	svc.HandleFunc("GET /silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, route.Stream(time.Hour))
	return nil
}

// open asks for a stream and returns once its answer has begun.
func (r *running) open(path string) net.Conn {
	r.t.Helper()
	conn := dialAndAsk(r.t, r.public, path)
	_, err := http.ReadResponse(bufio.NewReader(conn), nil)
	assert.NoError(r.t, err)
	return conn
}

func (r *running) openStreams(n string) {
	r.t.Helper()
	assert.Eventually(r.t, 10*time.Second, func() bool {
		_, metrics := r.ask("/metrics")
		return strings.Contains(metrics, "\nplimsoll_streams_open "+n+"\n")
	})
}

// However many streams are open, there is a permit for a request.
func TestAnOpenStreamHoldsNoPermit(t *testing.T) {
	s := start(t, streaming, "PLIMSOLL_ADMISSION=fixed:1")
	for _, path := range []string{"/events", "/socket", "/events", "/socket"} {
		s.open(path)
	}
	res, _ := s.get("/ok")
	assert.Equal(t, res.StatusCode, http.StatusOK)
	s.openStreams("4")
	_, metrics := s.ask("/metrics")
	assert.Contains(t, metrics, "\nplimsoll_admission_in_flight 0\n")
}

func TestStreamsHaveALimitOfTheirOwn(t *testing.T) {
	for _, path := range []string{"/events", "/socket"} {
		s := start(t, streaming, "PLIMSOLL_MAX_STREAMS=1")
		first := s.open(path)
		res, body := answer(t, dialAndAsk(t, s.public, path))
		isProblem(t, res, body, http.StatusServiceUnavailable)
		assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
		assert.Match(t, res.Header.Get("Retry-After"), `^[1-9][0-9]*$`)
		res, _ = s.get("/ok")
		assert.Equal(t, res.StatusCode, http.StatusOK)
		_, metrics := s.ask("/metrics")
		assert.Match(t, metrics, `plimsoll_admission_refused_total\{[^}]*reason="streams"[^}]*\} 1`)
		assert.NoError(t, first.Close())
		s.openStreams("0")
		s.open(path)
	}
}

// A stream that says nothing holds its permit no longer than a request may.
func TestASilentStreamGivesItsPermitBack(t *testing.T) {
	s := start(t, streaming, "PLIMSOLL_ADMISSION=fixed:1", "PLIMSOLL_DEADLINE=200ms")
	silent := dialAndAsk(t, s.public, "/silent")
	s.openStreams("1")
	assert.Eventually(t, 10*time.Second, func() bool {
		res, _ := s.get("/ok")
		return res.StatusCode == http.StatusOK
	})
	assert.NoError(t, silent.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := io.ReadAll(silent)
	assert.Error(t, err, "the stream goes on")
}
