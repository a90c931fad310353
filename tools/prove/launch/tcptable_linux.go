package launch

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
)

// tcpState is the state of a socket as Linux numbers it (include/net/tcp_states.h).
type tcpState uint8

const (
	tcpSynRecv tcpState = 3
	tcpListen  tcpState = 10
)

// tcpSocket is one line of /proc/net/tcp or tcp6.
type tcpSocket struct {
	local, remote netip.AddrPort // IPv4 in IPv6 is shown as IPv4
	state         tcpState
	inode         uint64 // 0: no process has it any more
}

// parseTCPTable reads /proc/net/tcp or tcp6.
func parseTCPTable(table []byte) ([]tcpSocket, error) {
	var sockets []tcpSocket
	_, table, _ = bytes.Cut(table, []byte("\n")) // column names
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) < 10 {
			return nil, fmt.Errorf("socket table: line %q has %d columns, want at least 10", line, len(fields))
		}
		local, err := parseTableAddr(fields[1])
		if err != nil {
			return nil, err
		}
		remote, err := parseTableAddr(fields[2])
		if err != nil {
			return nil, err
		}
		state, err := strconv.ParseUint(string(fields[3]), 16, 8)
		if err != nil {
			return nil, fmt.Errorf("socket table: state: %w", err)
		}
		inode, err := strconv.ParseUint(string(fields[9]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("socket table: inode: %w", err)
		}
		sockets = append(sockets, tcpSocket{local, remote, tcpState(state), inode})
	}
	return sockets, nil
}

// parseTableAddr reads 0100007F:1F90: words of four bytes in the order of the
// machine, then a port in that of the network.
func parseTableAddr(field []byte) (netip.AddrPort, error) {
	address, port, ok := bytes.Cut(field, []byte(":"))
	raw, err := hex.DecodeString(string(address))
	if !ok || err != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, fmt.Errorf("socket table: address %q", field)
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	number, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("socket table: port %q", field)
	}
	addr, _ := netip.AddrFromSlice(raw) // 4 or 16 bytes
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), nil
}
