package servicetest

import (
	"io"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestWhoIsNotOnThisHostIsNoOperator(t *testing.T) {
	s := start(t, hostile)
	for _, c := range []struct {
		name, header string
		status       int
	}{
		{"by address", "Host: " + s.admin, 200},
		{"by name", "Host: localhost:8081", 200},
		{"by address of the other family", "Host: [::1]:8081", 200},
		{"a name that was made to resolve to this host", "Host: evil.example:8081", 403},
		{"a proxy that appends a line of its own", "Host: x\r\nX-Forwarded-For:\r\nX-Forwarded-For: 203.0.113.9", 403},
		{"a proxy that names no address", "Host: localhost\r\nVia: 1.1 edge", 403},
		{"nginx as many configure it", "Host: localhost\r\nX-Real-IP: 203.0.113.9", 403},
		{"a proxy that names the host", "Host: localhost\r\nX-Forwarded-Host: api.example", 403},
	} {
		for _, path := range []string{"/manifest", "/debug/pprof/cmdline", "/log-level"} {
			res, _ := raw(t, s.admin, "GET "+path+" HTTP/1.1\r\nConnection: close\r\n"+c.header+"\r\n\r\n")
			assert.Equal(t, res.StatusCode, c.status, c.name, path)
		}
	}
}

func TestTheAdminPortWaitsForNoBody(t *testing.T) {
	s := start(t, hostile, "PLIMSOLL_HEADER_TIMEOUT=100ms")
	for _, line := range []string{"GET /livez", "PUT /log-level", "POST /nowhere"} {
		conn := dial(t, s.admin)
		_, err := io.WriteString(conn, line+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
		assert.NoError(t, err)
		_, err = io.Copy(io.Discard, conn)
		assert.NoError(t, err, line)
	}
}
