package wire

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestRequestIsExact(t *testing.T) {
	r := NewRequest("GET", "/a b?%zz").Header("hOST", " x ").Header("Host", "y").Raw("no colon\n").End()
	assert.Equal(t, r.String(), "GET /a b?%zz HTTP/1.1\r\nhOST:  x \r\nHost: y\r\nno colon\n\r\n")
	post := NewRequest("POST", "/").Body("application/json", `{"a":1}`)
	assert.Equal(t, post.String(), "POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
	chunked := new(Request).Chunk("hello, chunked").Chunk("")
	assert.Equal(t, chunked.String(), "e\r\nhello, chunked\r\n0\r\n\r\n")
}

func TestRequestBytesIsACopy(t *testing.T) {
	r := NewRequest("GET", "/")
	b := r.Bytes()
	b[0] = 'X'
	assert.Equal(t, r.String(), "GET / HTTP/1.1\r\n")
}

func TestRequestShellSaysTheSameBytes(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh to try the command with")
	}
	r := NewRequest("POST", "/%s'$x`").Header("A", "\\n\x00\x01é\x7f").Body("text/plain", "it's \"50%\"\r\n")
	command := r.Shell("127.0.0.1:8080")
	format, ok := strings.CutSuffix(command, " | nc 127.0.0.1 8080")
	assert.True(t, ok, command)
	out, err := exec.Command(sh, "-c", format).Output()
	assert.NoError(t, err)
	assert.Equal(t, string(out), r.String())
}
