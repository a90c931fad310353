package wire

import (
	"net"

	"golang.org/x/sys/unix"
)

// dead reports whether the kernel has ended the connection in both directions, so that a write that is under way is
// about to return.
func dead(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true // closed
	}
	closed := true
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		closed = err != nil || info.State == unix.BPF_TCP_CLOSE
	})
	return err != nil || closed
}
