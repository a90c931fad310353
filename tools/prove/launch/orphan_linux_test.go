package launch_test

import (
	"bufio"
	"crypto/rand"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

// relatives waits until a family of three has said who they are.
func relatives(t *testing.T, said lines) []int {
	t.Helper()
	var pids []int
	for range 3 {
		pids = append(pids, number(strings.TrimPrefix(said.await(t, "pid ").Text, "pid ")))
	}
	return pids
}

func assertEnded(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		assert.Eventually(t, 10*time.Second, func() bool { return !isThere(pid) }, "process %d", pid)
	}
}

func TestKillingTheProverLeavesNoOne(t *testing.T) {
	prover := exec.Command(self(t), "prover")
	out, err := prover.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, prover.Start())
	t.Cleanup(func() { _ = prover.Process.Kill() }) // should the test end early
	said := make(lines, 10)
	go func() {
		for scan := bufio.NewScanner(out); scan.Scan(); {
			said <- launch.Line{Text: scan.Text()}
		}
	}()
	pids := relatives(t, said)
	for _, pid := range pids {
		assert.True(t, isThere(pid))
	}
	assert.NoError(t, prover.Process.Kill())
	assert.Error(t, prover.Wait())
	assertEnded(t, pids)
}

// TestKillingTheProverAtAnyMoment kills it while it starts the guard, while the
// guard starts the service, and while the service starts its own children.
func TestKillingTheProverAtAnyMoment(t *testing.T) {
	for moment := range 15 {
		mark := "FAMILY_OF=" + rand.Text()
		prover := exec.Command(self(t), "prover", mark)
		assert.NoError(t, prover.Start())
		<-time.After(time.Duration(moment) * 4 * time.Millisecond)
		assert.NoError(t, prover.Process.Kill())
		assert.Error(t, prover.Wait())
		assert.Eventually(t, 10*time.Second, func() bool { return len(launch.Marked(mark)) == 0 })
	}
}

func TestKillingTheGuardLeavesNoOne(t *testing.T) {
	p, said := start(t, launch.Spec{}, "family")
	pids := relatives(t, said)
	assert.NoError(t, launch.KillGuard(p))
	exit, err := p.Wait(t.Context())
	assert.NoError(t, err)
	assert.True(t, exit.Lost)
	assert.Contains(t, exit.String(), "guard was killed")
	assertEnded(t, pids)
}

func TestStoppingEndsTheWholeFamily(t *testing.T) {
	p, said := start(t, launch.Spec{}, "family")
	pids := relatives(t, said)
	_, err := p.Stop(0)
	assert.NoError(t, err)
	for _, pid := range pids {
		assert.False(t, isThere(pid), "process %d", pid)
	}
}

func TestWhoIsLeftBehindIsKilledAndCounted(t *testing.T) {
	p, said := start(t, launch.Spec{}, "family", "leaves")
	pids := relatives(t, said)
	assert.NoError(t, p.Signal(syscall.SIGUSR1))
	exit, err := p.Wait(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, exit.Code, 0)
	assert.Equal(t, exit.Left, 2)
	for _, pid := range pids {
		assert.False(t, isThere(pid), "process %d", pid)
	}
}
