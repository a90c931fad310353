package launch_test

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

func TestNeverReadySaysWhereItListensInstead(t *testing.T) {
	port, addr := freePort(t)
	_, other := freePort(t)
	p, _ := start(t, launch.Spec{}, "http", strconv.Itoa(port), "200")
	_, err := p.Ready(t.Context(), launch.Probe{Addr: addr})
	assert.NoError(t, err)
	_, err = p.Ready(t.Context(), launch.Probe{Addr: other, Within: 50 * time.Millisecond})
	late := assert.ErrorAs[*launch.NotReadyError](t, err)
	assert.Contains(t, late.Error(), "it listens on ["+addr+"]")
	assert.Contains(t, late.Error(), "connection refused")
}

func TestSocketsAreSortedByWhatTheyAreFor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer listener.Close()
	client, said := start(t, launch.Spec{}, "dial", listener.Addr().String())
	said.await(t, "dialled <nil>")
	sockets, err := client.Sockets()
	assert.NoError(t, err)
	assert.Equal(t, sockets, launch.Sockets{Outbound: []netip.AddrPort{netip.MustParseAddrPort(listener.Addr().String())}})

	port, addr := freePort(t)
	server, _ := start(t, launch.Spec{}, "http", strconv.Itoa(port), "200")
	_, err = server.Ready(t.Context(), launch.Probe{Addr: addr})
	assert.NoError(t, err)
	nc, err := net.Dial("tcp", addr)
	assert.NoError(t, err)
	defer nc.Close()
	assert.Eventually(t, 5*time.Second, func() bool {
		sockets, err = server.Sockets()
		return err == nil && len(sockets.Inbound) > 0
	})
	assert.Equal(t, sockets.Listening, []netip.AddrPort{netip.MustParseAddrPort(addr)})
	assert.Len(t, sockets.Outbound, 0)
}

func TestAWatchCollects(t *testing.T) {
	port, addr := freePort(t)
	p, _ := start(t, launch.Spec{}, "http", strconv.Itoa(port), "200")
	watch := p.Watch(time.Millisecond)
	assert.Eventually(t, 10*time.Second, func() bool { return len(watch.Seen().Listening) > 0 })
	_, err := p.Stop(0)
	assert.NoError(t, err)
	seen := watch.Stop()
	assert.NoError(t, seen.Err)
	assert.AtLeast(t, seen.Looks, 2)
	assert.NotZero(t, seen.Gap)
	first, found := seen.Listening[netip.MustParseAddrPort(addr)]
	assert.True(t, found)
	assert.AtLeast(t, first, p.Started())
	assert.Equal(t, watch.Stop(), seen)
}

func TestASampleIsOfTheWholeGroup(t *testing.T) {
	p, said := start(t, launch.Spec{}, "family")
	relatives(t, said)
	s, err := p.Sample()
	assert.NoError(t, err)
	assert.Equal(t, s.Processes, 3)
	assert.AtLeast(t, s.Threads, 3)
	assert.AtLeast(t, s.FDs, 9)
	assert.AtLeast(t, s.RSS, int64(3<<20))
	assert.AtLeast(t, s.PeakRSS, s.RSS)
	pss, err := p.PSS()
	assert.NoError(t, err)
	assert.AtMost(t, pss, s.RSS)
	assert.AtLeast(t, pss, int64(1<<20))
	assert.NoError(t, p.ResetPeak())

	_, err = p.Stop(0)
	assert.NoError(t, err)
	_, err = p.Sample()
	assert.ErrorIs(t, err, launch.ErrExited)
}

func TestAServiceCanBePinned(t *testing.T) {
	cpus, err := launch.CPUs()
	assert.NoError(t, err)
	last := cpus[len(cpus)-1]
	p, said := start(t, launch.Spec{CPUs: []int{last}}, "deaf")
	said.await(t, "ready")
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/status")
	assert.NoError(t, err)
	assert.Match(t, string(status), `(?m)^Cpus_allowed_list:\s`+strconv.Itoa(last)+`$`)
	assert.NoError(t, launch.Pin(cpus))
	assert.Error(t, launch.Pin(nil))
	assert.Error(t, launch.Pin([]int{-1}))

	_, err = launch.Start(t.Context(), launch.Spec{Run: []string{"true"}, CPUs: []int{100_000}})
	assert.Contains(t, assert.ErrorAs[*launch.StartError](t, err).Error(), "there is no processor 100000")
}

func TestTheKernelsOwnTablesCanBeRead(t *testing.T) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		assert.NoError(t, err)
		_, err = launch.ParseTCPTable(table)
		assert.NoError(t, err)
	}
}
