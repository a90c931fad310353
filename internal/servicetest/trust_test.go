package servicetest

import (
	"io"
	"net/http"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// A proxy inside the trust boundary hands on what outsiders say.
func TestAClassIsBelievedOfWhoSaidIt(t *testing.T) {
	s := start(t, hostile)
	for _, c := range []struct{ item, forwarded, class string }{
		{"1", "", "critical-plus"},
		{"2", "X-Forwarded-For: 127.0.0.2\r\n", "critical-plus"},
		{"3", "X-Forwarded-For: 203.0.113.9\r\n", "critical"},
		{"4", "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "critical"},
		{"5", "X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\n", "critical"},
	} {
		res, _ := raw(t, s.public, "GET /items/"+c.item+" HTTP/1.1\r\nHost: x\r\nPlimsoll-Class: critical-plus\r\n"+c.forwarded+"\r\n")
		assert.Equal(t, res.StatusCode, http.StatusOK)
		assert.Equal(t, s.line("path", "/items/"+c.item)["class"], any(c.class), c.forwarded)
	}
}

// raw sends bytes on a connection of their own and returns the answer.
func raw(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	conn := dial(t, addr)
	_, err := io.WriteString(conn, request)
	assert.NoError(t, err)
	return answer(t, conn, request)
}
