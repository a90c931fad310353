package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Sockets looks at the TCP sockets of every process of the service.
func (p *Process) Sockets() (Sockets, error) {
	ours := make(map[uint64]bool)
	for _, pid := range p.members() {
		if err := addSockets(ours, pid); err != nil {
			return Sockets{}, fmt.Errorf("look at sockets: %w", err)
		}
	}
	var table []tcpSocket
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		part, err := readTCPTable(name)
		if err != nil {
			return Sockets{}, fmt.Errorf("look at sockets: %w", err)
		}
		table = append(table, part...)
	}
	return sortSockets(table, ours), nil
}

// sortSockets sorts sockets into what they are for.
func sortSockets(table []tcpSocket, ours map[uint64]bool) Sockets {
	var s Sockets
	ports := make(map[uint16]bool)
	for _, socket := range table {
		if ours[socket.inode] && socket.state == tcpListen {
			s.Listening = append(s.Listening, socket.local)
			ports[socket.local.Port()] = true
		}
	}
	for _, socket := range table {
		switch {
		case !ours[socket.inode] || socket.state == tcpListen:
		case ports[socket.local.Port()] || socket.state == tcpSynRecv:
			s.Inbound = append(s.Inbound, socket.remote)
		default:
			s.Outbound = append(s.Outbound, socket.remote)
		}
	}
	for _, list := range []*[]netip.AddrPort{&s.Listening, &s.Outbound} {
		slices.SortFunc(*list, netip.AddrPort.Compare)
		*list = slices.Compact(*list)
	}
	return s
}

// addSockets adds the inodes of the sockets that a process has open. One that
// has ended has none.
func addSockets(ours map[uint64]bool, pid int) error {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil && !isGone(err) {
		return err
	}
	for _, entry := range entries {
		target, err := os.Readlink(dir + "/" + entry.Name())
		if err != nil { // it was closed in the meantime
			continue
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			if number, err := strconv.ParseUint(strings.TrimSuffix(inode, "]"), 10, 64); err == nil {
				ours[number] = true
			}
		}
	}
	return nil
}

// readTCPTable reads a table of the network namespace that the prover shares
// with the service. A machine without IPv6 has no second one.
func readTCPTable(name string) ([]tcpSocket, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseTCPTable(text)
}

// isGone tells that procfs knows the process no more.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// portOwner names the process that listens on a port; empty when it cannot be
// seen.
func portOwner(port int) string {
	listens := make(map[uint64]bool)
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := readTCPTable(name)
		if err != nil {
			return ""
		}
		for _, socket := range table {
			if socket.state == tcpListen && int(socket.local.Port()) == port {
				listens[socket.inode] = true
			}
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		has := make(map[uint64]bool)
		_ = addSockets(has, pid) // another user's processes cannot be looked at
		for inode := range has {
			if listens[inode] {
				return describe(pid)
			}
		}
	}
	return ""
}

// describe is "pid 4711 (node)".
func describe(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("pid %d", pid)
	}
	return fmt.Sprintf("pid %d (%s)", pid, strings.TrimSpace(string(name)))
}

// portRange is where FreePorts looks: below the ports of outgoing connections.
func portRange() (low, high int) {
	low, high = 10_000, 32_768
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return low, high
	}
	if fields := strings.Fields(string(text)); len(fields) == 2 {
		if first, err := strconv.Atoi(fields[0]); err == nil {
			high = min(high, first)
		}
	}
	if high-low < 1000 { // a machine that gives nearly all ports to connections
		return low, 60_000
	}
	return low, high
}
