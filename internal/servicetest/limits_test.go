package servicetest

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// The manifest holds what is in force, also where the system allows less than was
// asked for.
func TestTheManifestSaysHowManyConnectionsThereCanBe(t *testing.T) {
	limited := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 300 && exec "$0"`, os.Args[0])
	p := &process{Cmd: limited, out: &safeBuffer{}, errOut: &bytes.Buffer{}}
	p.Env = []string{asService + "=1", "PATH=" + os.Getenv("PATH"), "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PAYMENTS_URL=http://127.0.0.1:1"}
	p.Stdout, p.Stderr = p.out, p.errOut
	assert.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	for _, c := range [][2]string{{"/manifest", `"max_connections": 172,`}, {"/metrics", "\nplimsoll_connections_limit 172\n"}} {
		res, err := http.Get("http://" + p.admin(t) + c[0])
		assert.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Contains(t, string(body), c[1])
	}
}

// An admin page that is asked for and not read does not hold its connection.
func TestWhoDoesNotReadAnAdminPageIsCut(t *testing.T) {
	s := start(t, hostile, "PLIMSOLL_WRITE_STALL=100ms")
	conn := dial(t, s.admin)
	request := strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)
	assert.NoError(t, conn.SetWriteDeadline(time.Now().Add(10*time.Second)))
	for {
		if _, err := io.WriteString(conn, request); err != nil {
			assert.False(t, os.IsTimeout(err), "the connection is held for ever")
			return
		}
	}
}
