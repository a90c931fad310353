package launch_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

func TestExitCodesPassThrough(t *testing.T) {
	for code, args := range map[int][]string{0: {"exit", "0"}, 3: {"exit", "3"}, 78: {"exit", "78"}} {
		p, _ := start(t, launch.Spec{}, args...)
		exit, err := p.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, exit.Code, code)
		assert.Equal(t, exit.Signal, "")
		assert.Equal(t, exit.Left, 0)
		assert.AtLeast(t, exit.At, p.Started())
		assert.AtLeast(t, exit.MaxRSS, int64(1<<20))
	}
}

func TestSignalsReachTheServiceAndItsExitComesBack(t *testing.T) {
	p, said := start(t, launch.Spec{}, "signals")
	said.await(t, "ready")
	assert.NoError(t, p.Signal(syscall.SIGUSR1))
	said.await(t, "got user defined signal 1")
	assert.NoError(t, p.SignalGroup(syscall.SIGHUP))
	said.await(t, "got hangup")
	exit, err := p.Stop(20 * time.Second)
	assert.NoError(t, err)
	assert.Equal(t, exit.Code, 7)
	assert.ErrorIs(t, p.Signal(syscall.SIGTERM), launch.ErrExited)

	again, err := p.Stop(time.Second)
	assert.NoError(t, err)
	assert.Equal(t, again, exit)
}

func TestTheGuardForwardsItsOwnSignals(t *testing.T) {
	p, said := start(t, launch.Spec{}, "signals")
	said.await(t, "ready")
	assert.NoError(t, syscall.Kill(launch.GuardPID(p), syscall.SIGTERM))
	exit, err := p.Wait(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, exit.Code, 7)
}

func TestAServiceThatIgnoresTermIsKilledAfterTheGrace(t *testing.T) {
	p, said := start(t, launch.Spec{}, "deaf")
	said.await(t, "ready")
	exit, err := p.Stop(50 * time.Millisecond)
	assert.NoError(t, err)
	assert.Equal(t, exit.Signal, "killed")
	assert.Equal(t, exit.Code, -1)
	assert.False(t, isThere(p.PID()))
}

func TestOutputIsKeptByLineAndStream(t *testing.T) {
	p, _ := start(t, launch.Spec{}, "say", "to out", "to err", "0")
	_, err := p.Wait(t.Context())
	assert.NoError(t, err)
	streams := map[string]launch.Stream{}
	for _, line := range p.Lines() {
		streams[line.Text] = line.Stream
		assert.AtLeast(t, line.At, p.Started())
	}
	assert.Equal(t, streams, map[string]launch.Stream{"to out": launch.Stdout, "to err": launch.Stderr})
	assert.Equal(t, p.Volume(), launch.Volume{Lines: 2, Bytes: 14})
}

func TestAFloodOfOutputNeitherBlocksNorGrows(t *testing.T) {
	count := 0
	spec := launch.Spec{Lines: 50, OnLine: func(launch.Line) { count++ }}
	p, _ := start(t, spec, "flood", "20000000")
	exit, err := p.Wait(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, exit.Code, 0)
	assert.Equal(t, count, 200_000)
	assert.Equal(t, p.Volume(), launch.Volume{Lines: 200_000, Bytes: 20_000_000, Dropped: 200_000 - 50})
	assert.Len(t, p.Lines(), 50)
	assert.Len(t, p.Tail(3), 3)
}

func TestTheEnvironmentIsWhatWasDeclared(t *testing.T) {
	t.Setenv("PLIMSOLL_TEST_LEAK", "leaked")
	t.Setenv("PLIMSOLL_TEST_PASSED", "passed on")
	t.Setenv("GOMAXPROCS", "1")
	spec := launch.Spec{
		Env:     map[string]string{"GREETING": "hello, world", "HOME": "/nowhere"},
		Inherit: []string{"PLIMSOLL_TEST_PASSED"},
	}
	p, _ := start(t, spec, "environment")
	_, err := p.Wait(t.Context())
	assert.NoError(t, err)
	var all []string
	for _, line := range p.Lines() {
		all = append(all, line.Text)
	}
	text := "\n" + strings.Join(all, "\n") + "\n"
	assert.Contains(t, text, "\nGREETING=hello, world\n")
	assert.Contains(t, text, "\nHOME=/nowhere\n")
	assert.Contains(t, text, "\nPLIMSOLL_TEST_PASSED=passed on\n")
	assert.Contains(t, text, "\nPATH=")
	assert.NotContains(t, text, "LEAK")
	assert.NotContains(t, text, "GOMAXPROCS")
	assert.NotContains(t, text, "PLIMSOLL_GUARD")
}

func TestACommandThatIsNotThereIsAStartError(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	assert.NoError(t, os.WriteFile(plain, []byte("no program"), 0o600))
	for _, c := range []struct{ command, want string }{
		{"no-such-program-anywhere", "is in no directory of PATH"},
		{"./no-such-file", "no such file"},
		{"./plain", "may not be executed"},
		{dir, "is a directory"},
	} {
		_, err := launch.Start(t.Context(), launch.Spec{Run: []string{c.command}, Dir: dir})
		started := assert.ErrorAs[*launch.StartError](t, err)
		assert.Contains(t, started.Error(), c.want)
	}
	script := filepath.Join(dir, "script")
	assert.NoError(t, os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o700))
	_, err := launch.Start(t.Context(), launch.Spec{Run: []string{"./script"}, Dir: dir})
	assert.Contains(t, assert.ErrorAs[*launch.StartError](t, err).Error(), "no such file")
}

func TestASpecNamesAllItsFaults(t *testing.T) {
	err := launch.Spec{
		Dir: "/no/such/dir", Env: map[string]string{"A=B": "c"}, Ports: []int{70_000}, Lines: -1,
	}.Validate()
	for _, want := range []string{"run:", "dir:", "env:", "ports:", "limits"} {
		assert.Contains(t, err.Error(), want)
	}
	_, err = launch.Start(t.Context(), launch.Spec{Build: []string{"true"}})
	assert.Contains(t, err.Error(), "run: no command")
	_, err = launch.Start(t.Context(), launch.Spec{Run: []string{""}})
	assert.Contains(t, err.Error(), "name is empty")
}

func TestBuild(t *testing.T) {
	var spec launch.Spec
	assert.NoError(t, launch.Build(t.Context(), spec)) // nothing to build

	spec.Build = []string{"sh", "-c", "echo built > $TARGET"}
	target := filepath.Join(t.TempDir(), "target")
	spec.Env = map[string]string{"TARGET": target}
	assert.NoError(t, launch.Build(t.Context(), spec))
	_, err := os.Stat(target)
	assert.NoError(t, err)

	spec.Build = []string{"sh", "-c", "echo main.go:7: oh no; exit 2"}
	failed := assert.ErrorAs[*launch.BuildError](t, launch.Build(t.Context(), spec))
	assert.Equal(t, failed.Exit.Code, 2)
	assert.Contains(t, failed.Error(), "main.go:7: oh no")

	spec.Build, spec.BuildTimeout = []string{"sleep", "600"}, 50*time.Millisecond
	assert.Contains(t, launch.Build(t.Context(), spec).Error(), "longer than 50ms")
}

func TestAProgramThatIsNoGuardIsNoticed(t *testing.T) {
	_, err := launch.Start(t.Context(), launch.Spec{Run: []string{"true"}, Guard: []string{"/bin/true"}})
	assert.Contains(t, err.Error(), "does main call launch.Guard first?")
}

func TestAGuardIsForProversOnly(t *testing.T) {
	null, err := os.Open(os.DevNull)
	assert.NoError(t, err)
	defer null.Close()
	p, err := os.StartProcess(self(t), []string{self(t), launch.GuardArgument}, &os.ProcAttr{
		Files: []*os.File{null, nil, nil, nil, nil},
	})
	assert.NoError(t, err)
	state, err := p.Wait()
	assert.NoError(t, err)
	assert.Equal(t, state.ExitCode(), 2)
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := launch.Start(ctx, launch.Spec{Run: []string{"sleep", "600"}})
	assert.ErrorIs(t, err, context.Canceled)
}
