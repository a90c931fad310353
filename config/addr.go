package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Port is a TCP port; 0 asks the system for a free one.
type Port uint16

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *Port) UnmarshalText(text []byte) error {
	n, ok := parsePort(string(text))
	if !ok {
		return Fault{Problem: quoted(string(text)) + " is not a port", Hint: "use a whole number from 0 to 65535"}
	}
	*p = n
	return nil
}

// Addr returns the address that listens on this port of every interface.
func (p Port) Addr() Addr { return Addr(":" + strconv.Itoa(int(p))) }

// Addr is where to listen: ":8081" for every interface, "127.0.0.1:8081" or "[::1]:8081" for one. Port 0 asks the
// system for a free one. The zero value is no address.
type Addr string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *Addr) UnmarshalText(text []byte) error {
	raw := strings.TrimSpace(string(text))
	fault := Fault{Problem: quoted(raw) + " is not an address to listen on", Hint: "use HOST:PORT, such as :8081 or 127.0.0.1:8081"}
	host, port, err := net.SplitHostPort(raw)
	if err != nil {
		return fault
	}
	if _, ok := parsePort(port); !ok {
		return fault
	}
	if _, err := netip.ParseAddr(host); err != nil && !isHostname(host) {
		return fault
	}
	*a = Addr(raw)
	return nil
}

// String returns the address.
func (a Addr) String() string { return string(a) }

// Overlaps says whether a and b cannot both be listened on: the same port, on the
// same host or with one of them on every interface. Port 0 overlaps nothing.
func (a Addr) Overlaps(b Addr) bool {
	hostA, portA, errA := net.SplitHostPort(string(a))
	hostB, portB, errB := net.SplitHostPort(string(b))
	if errA != nil || errB != nil {
		return false
	}
	numberA, _ := parsePort(portA)
	numberB, _ := parsePort(portB)
	if numberA != numberB || numberA == 0 {
		return false
	}
	return everywhere(hostA) || everywhere(hostB) || strings.EqualFold(hostA, hostB)
}

// everywhere says whether a host means all interfaces.
func everywhere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// parsePort reads digits only: no sign, no space, no service name.
func parsePort(s string) (Port, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return Port(n), err == nil
}

// isHostname is generous: what it lets through fails when listening, with the system's reason. It keeps out what
// cannot be a name at all. Every interface has the empty name.
func isHostname(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && !isNameRune(r)
	}) < 0
}
