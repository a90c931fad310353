package fault

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// reserve binds a second socket to the port, which never listens. While it is
// there, connects are refused when the sink does not listen, and no one else
// gets the port: not another process, and not, as its own end of a connection,
// the very client that tries to reach it, which would then talk to itself.
func reserve(addr string) (bound string, release func(), err error) {
	to, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return "", nil, err
	}
	family, sa := sockaddr(to)
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			_ = syscall.Close(fd)
		}
	}()
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return "", nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, sa); err != nil {
		return "", nil, os.NewSyscallError("bind", err)
	}
	port, err := localPort(fd)
	if err != nil {
		return "", nil, err
	}
	host, _, err := net.SplitHostPort(to.String())
	if err != nil {
		return "", nil, err
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), func() { _ = syscall.Close(fd) }, nil
}

func sockaddr(to *net.TCPAddr) (family int, sa syscall.Sockaddr) {
	if v4 := to.IP.To4(); v4 != nil {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(v4)}
	}
	sa6 := &syscall.SockaddrInet6{Port: to.Port}
	copy(sa6.Addr[:], to.IP.To16())
	return syscall.AF_INET6, sa6
}

func localPort(fd int) (int, error) {
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return sa.Port, nil
	case *syscall.SockaddrInet6:
		return sa.Port, nil
	}
	return 0, fmt.Errorf("getsockname: unknown address %T", sa)
}
