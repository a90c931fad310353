package servicetest

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// What no handler takes is answered without its body: net/http alone would wait
// for that, as long as the client likes.
func TestAnAnswerDoesNotWaitForABodyThatNobodyReads(t *testing.T) {
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /ok", func(http.ResponseWriter, *http.Request) {})
		svc.Handle("POST /panics", panickingPolicy{})
		return nil
	})
	for _, c := range []struct {
		line   string
		status int
	}{
		{"POST /nowhere", http.StatusNotFound},
		{"POST /ok", http.StatusMethodNotAllowed},
		{"GET //ok", http.StatusTemporaryRedirect},
		{"POST /panics", http.StatusInternalServerError},
	} {
		for _, framing := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
			conn := dial(t, s.public)
			_, err := io.WriteString(conn, c.line+" HTTP/1.1\r\nHost: x\r\n"+framing+"\r\n\r\n")
			assert.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			assert.NoError(t, err, c.line, framing)
			assert.Equal(t, res.StatusCode, c.status, c.line)
			assert.True(t, res.Close, "the rest of the body must not become the next request")
		}
	}
}

// panickingPolicy is a typed API with a mistake in it.
type panickingPolicy struct{}

func (panickingPolicy) ServeHTTP(http.ResponseWriter, *http.Request) {}

func (panickingPolicy) RoutePolicy(*http.Request) (route.Policy, bool) { panic("password=hunter2") }

func TestAPanicInAPolicyIsAnAnswerAndALine(t *testing.T) {
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.Handle("GET /panics", panickingPolicy{})
		return nil
	})
	res, body := s.get("/panics")
	doc := isProblem(t, res, body, http.StatusInternalServerError)
	assert.NotContains(t, body, "hunter2")
	id, _ := doc["trace_id"].(string)
	assert.Equal(t, s.line("trace_id", id)["outcome"], any("panicked"))
}
