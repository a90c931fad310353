package servicetest

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// wrapped serves a handler inside Wrap on the server of a foreign main.
func wrapped(t *testing.T, h http.HandlerFunc) (addr string) {
	t.Helper()
	svc, err := plimsoll.Wrap("test", h, plimsoll.Environ(), plimsoll.Output(io.Discard))
	assert.NoError(t, err)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	server := &http.Server{Handler: svc, DisableGeneralOptionsHandler: true}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return ln.Addr().String()
}

// Wrap takes a router of any make: what http.ServeMux would answer by itself is
// for the router to answer.
func TestAWrappedHandlerGetsItsRequestsAsTheyAre(t *testing.T) {
	addr := wrapped(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" "+r.RequestURI+" "+r.URL.EscapedPath())
	})
	for _, c := range [][2]string{
		{"GET /objects//a%2F%2Fb/../c?x=1", "/objects//a%2F%2Fb/../c"},
		{"PUT /proxy/http://example/", "/proxy/http://example/"},
		{"OPTIONS *", "*"},
		{"CONNECT example:443", ""},
		{"REPORT /x", "/x"},
		{"GET http://example/absolute", "/absolute"},
	} {
		res, body := raw(t, addr, c[0]+" HTTP/1.1\r\nHost: x\r\n\r\n")
		assert.Equal(t, res.StatusCode, http.StatusOK, c[0])
		assert.Equal(t, body, c[0]+" "+c[1])
	}
}
