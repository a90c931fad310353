//go:build unix

package load_test

import (
	"fmt"
	"math"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// A service that does not accept: connecting takes for ever, and the schedule is kept all the same.
func TestConnectingDoesNotDelayTheSchedule(t *testing.T) {
	addr := fullBacklog(t)
	res := run(t, load.Plan{Target: addr, Mix: get, Rate: 500, Duration: 400 * time.Millisecond, Arrival: load.Uniform, Deadline: 300 * time.Millisecond})
	c := res.Counts()
	assert.AtLeast(t, c.Of(load.Timeout), 150)
	assert.AtMost(t, res.Lag(0.5), 5*time.Millisecond)
	last := &res.Rows[len(res.Rows)-1]
	assert.Equal(t, last.Outcome, load.Timeout)
	assert.Zero(t, last.Written, "a request that never had a connection")
	assert.AtMost(t, math.Abs((last.Latency() - 300*time.Millisecond).Seconds()), 0.15)
}

// fullBacklog listens without accepting, with a queue that is full: who connects waits.
func fullBacklog(t testing.TB) string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	assert.NoError(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	assert.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	assert.NoError(t, syscall.Listen(fd, 1))
	name, err := syscall.Getsockname(fd)
	assert.NoError(t, err)
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 10 {
		nc, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { nc.Close() })
	}
	t.Fatal("the queue does not fill up")
	return ""
}
