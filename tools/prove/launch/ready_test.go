package launch_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

func freePort(t *testing.T) (port int, addr string) {
	t.Helper()
	ports, err := launch.FreePorts(1)
	assert.NoError(t, err)
	return ports[0], net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
}

func TestReadyByPathAndByConnection(t *testing.T) {
	port, addr := freePort(t)
	p, _ := start(t, launch.Spec{Ports: []int{port}}, "http", strconv.Itoa(port), "200")
	at, err := p.Ready(t.Context(), launch.Probe{Addr: addr, Path: "/ready"})
	assert.NoError(t, err)
	assert.AtLeast(t, at, p.Started())
	_, err = p.Ready(t.Context(), launch.Probe{Addr: addr})
	assert.NoError(t, err)
}

func TestNeverReadySaysWhatWasSeen(t *testing.T) {
	port, addr := freePort(t)
	p, said := start(t, launch.Spec{}, "http", strconv.Itoa(port), "503")
	said.await(t, "listening soon")
	_, err := p.Ready(t.Context(), launch.Probe{Addr: addr})
	assert.NoError(t, err)
	_, err = p.Ready(t.Context(), launch.Probe{Addr: addr, Path: "/ready", Within: 100 * time.Millisecond})
	late := assert.ErrorAs[*launch.NotReadyError](t, err)
	assert.Contains(t, late.Error(), "no 200 from http://"+addr+"/ready within 100ms")
	assert.Contains(t, late.Error(), "503 Service Unavailable")
	assert.Contains(t, late.Error(), "listening soon")
}

func TestEndingEarlySaysHowAndWhy(t *testing.T) {
	_, addr := freePort(t)
	p, _ := start(t, launch.Spec{}, "say", "starting", "PAYMENTS_URL is missing", "78")
	_, err := p.Ready(t.Context(), launch.Probe{Addr: addr})
	ended := assert.ErrorAs[*launch.ExitedError](t, err)
	assert.Equal(t, ended.Exit.Code, 78)
	assert.Contains(t, ended.Error(), "exit code 78")
	assert.Contains(t, ended.Error(), "PAYMENTS_URL is missing")
}

func TestAPortInUseIsFoundBeforeTheStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	_, err = launch.Start(t.Context(), launch.Spec{Run: []string{"true"}, Ports: []int{port}})
	taken := assert.ErrorAs[*launch.PortInUseError](t, err)
	assert.Equal(t, taken.Port, port)
	if runtime.GOOS == "linux" {
		assert.Contains(t, taken.Error(), "(launch.test)")
	}
}

func TestAPortInUseIsFoundByTheServicesOwnWords(t *testing.T) {
	_, addr := freePort(t)
	for _, words := range []string{
		"listen tcp 127.0.0.1:8080: bind: address already in use",
		"Error: listen EADDRINUSE: address already in use :::3000",
		"OSError: [Errno 98] Address already in use",
		"java.net.BindException: Address already in use",
		"Web server failed to start. Port 8080 was already in use.",
		"Failed to bind to address http://127.0.0.1:5000: address already in use.",
	} {
		p, _ := start(t, launch.Spec{}, "say", "starting", words, "1")
		_, err := p.Ready(t.Context(), launch.Probe{Addr: addr})
		assert.Equal(t, assert.ErrorAs[*launch.PortInUseError](t, err).Line, words)
	}
}

func TestReadyEndsWithItsContext(t *testing.T) {
	_, addr := freePort(t)
	p, _ := start(t, launch.Spec{}, "deaf")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("someone pressed ^C")
	cancel(cause)
	_, err := p.Ready(ctx, launch.Probe{Addr: addr})
	assert.ErrorIs(t, err, cause)
	_, err = p.Wait(ctx)
	assert.ErrorIs(t, err, cause)
	_, err = p.Ready(t.Context(), launch.Probe{Addr: "nonsense"})
	assert.Contains(t, err.Error(), "missing port")
}

func TestFreePortsAreDifferentAndFree(t *testing.T) {
	ports, err := launch.FreePorts(20)
	assert.NoError(t, err)
	seen := map[int]bool{}
	for _, port := range ports {
		assert.False(t, seen[port])
		seen[port] = true
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		assert.NoError(t, err)
		assert.NoError(t, listener.Close())
	}
	_, err = launch.FreePorts(60_000)
	assert.Contains(t, err.Error(), "too many")
}
