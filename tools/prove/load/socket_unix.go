//go:build unix

package load

import (
	"errors"
	"syscall"
)

// errStale is an idle connection that turns out to have ended, or to carry bytes that nobody asked for.
var errStale = errors.New("the idle connection has ended")

// socket writes to a connection without ever waiting. Its closure is made once, so that a send does not allocate.
type socket struct {
	raw  syscall.RawConn
	once func(fd uintptr) bool

	out  []byte // arguments and results of once
	look bool
	n    int
	err  error
}

func newSocket(c syscall.Conn) (*socket, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{raw: raw}
	s.once = s.send
	return s, nil
}

// try writes what the kernel takes at once and returns how much that was: less than all of it when the buffer is full.
// With look it first makes sure that the connection is idle and alive, and returns errStale if it is not.
func (s *socket) try(p []byte, look bool) (int, error) {
	s.out, s.look, s.n, s.err = p, look, 0, nil
	if err := s.raw.Write(s.once); err != nil {
		return 0, err
	}
	s.out = nil
	return s.n, s.err
}

func (s *socket) send(fd uintptr) bool {
	if s.look && !idle(int(fd)) {
		s.err = errStale
		return true
	}
	n, err := syscall.Write(int(fd), s.out)
	s.n = max(n, 0)
	if err != nil && err != syscall.EAGAIN && err != syscall.EINTR {
		s.err = err
	}
	return true
}

// idle reports whether nothing waits to be read: no answer to a question not asked, no FIN, no reset.
func idle(fd int) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == syscall.EAGAIN || err == syscall.EINTR
}
