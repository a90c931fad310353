package servicetest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

func TestAHandlerThatPanicsAfterHijackLeavesNothingBehind(t *testing.T) {
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /socket", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			panic("mistake")
		}, route.Stream(time.Hour))
		return nil
	})
	conn := dialAndAsk(t, s.public, "/socket")
	_, err := io.Copy(io.Discard, conn)
	assert.NoError(t, err, "the connection was never closed")
	assert.NoError(t, s.end())
}

func TestAHijackedConnectionEndsWithItsStream(t *testing.T) {
	ended := make(chan error, 1)
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /socket", func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
			_, err = rw.ReadByte() // of a client that is silent
			ended <- err
			_ = conn.Close()
		}, route.Stream(50*time.Millisecond))
		return nil
	})
	dialAndAsk(t, s.public, "/socket")
	select {
	case err := <-ended:
		assert.Error(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the stream declared 50 ms and goes on")
	}
}
