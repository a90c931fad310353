package servicetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// The test binary is also a service: with this variable set it runs Main.
const asService = "TEST_RUNS_AS_SERVICE"

type processConfig struct {
	Payments config.URL `env:"PAYMENTS_URL" help:"charges cards"`
}

func TestMain(m *testing.M) {
	if os.Getenv(asService) == "" {
		os.Exit(m.Run())
	}
	plimsoll.Main("sample", func(_ context.Context, svc *plimsoll.Service, _ processConfig) error {
		hangInSetUp(svc)
		sample(svc)
		return nil
	})
}

// process is a service in a process of its own.
type process struct {
	*exec.Cmd
	out    *safeBuffer
	errOut *bytes.Buffer
}

func launch(t *testing.T, args []string, environ ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0], args...), out: &safeBuffer{}, errOut: &bytes.Buffer{}}
	p.Env = append([]string{asService + "=1", "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s"}, environ...)
	p.Stdout, p.Stderr = p.out, p.errOut
	assert.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// exit waits for the end and returns the exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// serving returns the public address once the service says it serves.
func (p *process) serving(t *testing.T) string {
	t.Helper()
	public, _ := p.addresses(t)
	return public
}

// admin is serving for the admin address.
func (p *process) admin(t *testing.T) string {
	t.Helper()
	_, admin := p.addresses(t)
	return admin
}

func (p *process) addresses(t *testing.T) (public, admin string) {
	t.Helper()
	assert.Eventually(t, 10*time.Second, func() bool {
		for _, line := range strings.Split(p.out.String(), "\n") {
			var m struct{ Msg, Public, Admin string }
			if json.Unmarshal([]byte(line), &m) == nil && m.Msg == "serving" {
				public, admin = m.Public, m.Admin
			}
		}
		return public != ""
	})
	return public, admin
}

func TestMisconfiguredProcessExits78AndListensNowhere(t *testing.T) {
	p := launch(t, nil, "ADDR=", "PORT=abc", "PAYMENTS_URL=")
	assert.Equal(t, p.exit(t), plimsoll.ExitMisconfigured)
	assert.Contains(t, p.errOut.String(), "PORT")
	assert.Contains(t, p.errOut.String(), "PAYMENTS_URL")
	assert.NotContains(t, p.out.String(), "serving")
}

func TestHelpListsEveryVariable(t *testing.T) {
	p := launch(t, []string{"-help"})
	assert.Equal(t, p.exit(t), 0)
	for _, name := range []string{
		"PAYMENTS_URL", "PORT", "ADDR", "ADMIN_ADDR", "ADMIN_TOKEN", "TLS_CERT", "TLS_KEY", "TLS_CLIENT_CA", "LOG_LEVEL",
		"PLIMSOLL_TRUST", "PLIMSOLL_DEADLINE", "PLIMSOLL_DRAIN_LAG", "PLIMSOLL_ADMISSION", "8080", "5s", "(required)",
	} {
		assert.Contains(t, p.out.String(), name)
	}
}

func TestArgumentsAreRefusedWithAHint(t *testing.T) {
	p := launch(t, []string{"-port=80"})
	assert.Equal(t, p.exit(t), plimsoll.ExitMisconfigured)
	assert.Contains(t, p.errOut.String(), "-help")
}

func TestSIGTERMDrainsAndExits0(t *testing.T) {
	p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1")
	addr := p.serving(t)
	res, err := http.Get("http://" + addr + "/ok")
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
	assert.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, p.exit(t), plimsoll.ExitDrained, p.errOut.String())
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1", "PLIMSOLL_DRAIN=1h", "PLIMSOLL_GRACE=2h")
	conn := dial(t, p.serving(t))
	_, err := io.WriteString(conn, "GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
	assert.NoError(t, err)
	res, err := http.Get("http://" + p.serving(t) + "/ok") // when this is answered, the other has long begun
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
	assert.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Eventually(t, 10*time.Second, func() bool { return strings.Contains(p.out.String(), "draining") })
	assert.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, p.exit(t), plimsoll.ExitLost)
	assert.Contains(t, p.errOut.String(), "second signal")
}

func TestALogReaderThatLeavesDoesNotEndTheService(t *testing.T) {
	r, w, err := os.Pipe()
	assert.NoError(t, err)
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0]), errOut: &bytes.Buffer{}}
	p.Env = []string{asService + "=1", "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s", "PAYMENTS_URL=http://127.0.0.1:1"}
	p.Stdout, p.Stderr = w, p.errOut
	assert.NoError(t, p.Start())
	assert.NoError(t, w.Close())
	t.Cleanup(func() { _ = p.Process.Kill() })
	line, err := bufio.NewReader(r).ReadString('\n')
	assert.NoError(t, err)
	var m struct{ Public string }
	assert.NoError(t, json.Unmarshal([]byte(line), &m))
	assert.NoError(t, r.Close())
	for range 3 { // each writes an access line to the pipe that nobody reads
		res, err := http.Get("http://" + m.Public + "/ok")
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
	}
	assert.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, p.exit(t), plimsoll.ExitDrained, p.errOut.String())
}
