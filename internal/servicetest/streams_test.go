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

// queuedRequests waits until so many wait for a permit.
func (r *running) queuedRequests(n string) {
	r.t.Helper()
	assert.Eventually(r.t, 10*time.Second, func() bool {
		_, metrics := r.ask("/metrics")
		return strings.Contains(metrics, "\nplimsoll_admission_queued "+n+"\n")
	})
}

// answer reads one answer from a connection.
func answer(t *testing.T, conn net.Conn, note ...any) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	assert.NoError(t, err, note...)
	body, err := io.ReadAll(res.Body)
	assert.NoError(t, err, note...)
	return res, string(body)
}

func TestAStreamThatWaitsForItsPermitIsToldOfTheDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) { close(entered); <-release })
		svc.HandleFunc("GET /events", func(http.ResponseWriter, *http.Request) {}, route.Stream(time.Hour))
		return nil
	}, "PLIMSOLL_ADMISSION=fixed:1")
	dialAndAsk(t, s.public, "/slow")
	<-entered
	waiting := dialAndAsk(t, s.public, "/events")
	s.queuedRequests("1")
	s.stop()
	res, body := answer(t, waiting, "a request that was taken gets an answer")
	isProblem(t, res, body, http.StatusServiceUnavailable)
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
	assert.True(t, res.Close)
	close(release)
	assert.NoError(t, s.end())
}

func TestAStreamDoesNotWaitForItsPermitAsLongAsItMayLast(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) { close(entered); <-release }, route.Budget(time.Minute))
		svc.HandleFunc("GET /events", func(http.ResponseWriter, *http.Request) {}, route.Stream(time.Hour))
		return nil
	}, "PLIMSOLL_ADMISSION=fixed:1", "PLIMSOLL_DEADLINE=50ms")
	defer close(release)
	dialAndAsk(t, s.public, "/slow")
	<-entered
	res, body := answer(t, dialAndAsk(t, s.public, "/events"))
	isProblem(t, res, body, http.StatusServiceUnavailable)
	assert.Equal(t, res.Header.Get("Plimsoll-Executed"), "no")
}

func TestAStreamThatSaidNothingBeforeTheDrainIsAnswered(t *testing.T) {
	entered := make(chan struct{})
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			close(entered)
			<-r.Context().Done()
		}, route.Stream(time.Hour))
		return nil
	})
	conn := dialAndAsk(t, s.public, "/events")
	<-entered
	s.stop()
	res, body := answer(t, conn)
	assert.Equal(t, res.StatusCode, http.StatusOK)
	assert.Contains(t, body, ": the service is draining")
	assert.NoError(t, s.end())
}

func TestAnEncodedStreamGetsNoPlainGoodbye(t *testing.T) {
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "coded")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, route.Stream(time.Hour))
		return nil
	})
	conn := dialAndAsk(t, s.public, "/events")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	assert.NoError(t, err)
	s.stop()
	body, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	assert.Equal(t, string(body), "coded")
	assert.NoError(t, s.end())
}
