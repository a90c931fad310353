package storetest_test

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

// child, when set, makes TestServerOfAChild start a server and hang.
const child = "STORETEST_CHILD"

func TestServerOfAChild(t *testing.T) {
	if os.Getenv(child) == "" {
		t.Skip("run by TestNoServerOutlivesItsTest")
	}
	dir := storetest.Postgres(t).URL.Parsed().Query().Get("host")
	pid, err := os.ReadFile(dir + "/data/postmaster.pid")
	assert.NoError(t, err)
	line, _, _ := strings.Cut(string(pid), "\n")
	_, err = os.Stdout.WriteString("server " + line + " " + dir + "\n")
	assert.NoError(t, err)
	if os.Getenv(child) == "panic" {
		go panic("outside of every test")
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent is gone
}

func TestNoServerOutlivesItsTest(t *testing.T) {
	storetest.Postgres(t) // skips where there is none
	for _, end := range []string{"kill", "panic"} {
		t.Run(end, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestServerOfAChild$")
			cmd.Env = append(os.Environ(), child+"="+end)
			_, err := cmd.StdinPipe()
			assert.NoError(t, err)
			output, err := cmd.StdoutPipe()
			assert.NoError(t, err)
			assert.NoError(t, cmd.Start())
			pid, dir := 0, ""
			for lines := bufio.NewScanner(output); dir == "" && lines.Scan(); {
				if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "server" {
					pid, err = strconv.Atoi(fields[1])
					assert.NoError(t, err)
					dir = fields[2]
				}
			}
			assert.NotZero(t, dir, "the child started a server")
			if end == "kill" {
				assert.NoError(t, cmd.Process.Kill())
			}
			assert.Error(t, cmd.Wait(), "the child was ended")
			assert.Eventually(t, 20*time.Second, func() bool {
				return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
			}, "server %d is still there", pid)
			assert.Eventually(t, 20*time.Second, func() bool {
				_, err := os.Stat(dir)
				return errors.Is(err, fs.ErrNotExist)
			}, "folder %s is still there", dir)
		})
	}
}
