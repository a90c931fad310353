package config

import (
	"net/netip"
	"strings"
)

// Networks is a set of address ranges, written as CIDRs separated by commas; a single address is a range of one, and
// "none" is the empty set. The zero value contains nothing.
type Networks []netip.Prefix

// ParseNetworks reads text by the rules of [Networks]. The error is a [Fault].
func ParseNetworks(text string) (Networks, error) {
	var n Networks
	err := n.UnmarshalText([]byte(text))
	return n, err
}

// UnmarshalText implements [encoding.TextUnmarshaler]. An IPv4 range that is written as an IPv6 one is the IPv4 range.
func (n *Networks) UnmarshalText(text []byte) error {
	list := Networks{}
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" || part == "none" && strings.TrimSpace(string(text)) == "none" {
			continue
		}
		prefix, err := parseNetwork(part)
		if err != nil {
			return err
		}
		list = append(list, prefix)
	}
	*n = list
	return nil
}

func parseNetwork(part string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(part); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(part)
	if err != nil {
		return prefix, Fault{Problem: quoted(part) + " is not a network", Hint: "use CIDRs such as 10.0.0.0/8,fd00::/8, or none"}
	}
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	if prefix != prefix.Masked() {
		return prefix, Fault{Problem: quoted(part) + " has bits set behind its mask", Hint: "did you mean " + prefix.Masked().String() + "?"}
	}
	return prefix, nil
}

// Contains reports whether one of the ranges holds the address. An IPv4 address in IPv6 form, as a dual-stack
// listener reports it, is the IPv4 address; a zone is ignored.
func (n Networks) Contains(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, prefix := range n {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// String returns the ranges in the form that UnmarshalText reads.
func (n Networks) String() string {
	if len(n) == 0 {
		return "none"
	}
	parts := make([]string, len(n))
	for i, prefix := range n {
		parts[i] = prefix.String()
	}
	return strings.Join(parts, ",")
}

// MarshalText returns String.
func (n Networks) MarshalText() ([]byte, error) { return []byte(n.String()), nil }
