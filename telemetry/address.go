package telemetry

import (
	"net/http"
	"net/netip"
	"strings"
)

const headerForwardedFor = "X-Forwarded-For"

// ClientAddr is the address of whoever sent r: its peer, or while that is a
// trusted proxy, whom the proxy names. X-Forwarded-For is read from the right,
// where each proxy appended what it saw, up to the first address that is not
// trusted; anything further left could have been written by that client. When
// an entry is not an address, the last good one stands.
//
// It is invalid when the peer has no IP address, as on a Unix socket.
func ClientAddr(r *http.Request, trusted func(netip.Addr) bool) netip.Addr {
	client, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return netip.Addr{}
	}
	values := r.Header[headerForwardedFor]
	for i := len(values) - 1; i >= 0; i-- {
		for rest := values[i]; ; {
			if !trusted(client) {
				return client
			}
			comma := strings.LastIndexByte(rest, ',')
			next, ok := parseAddr(strings.Trim(rest[comma+1:], " \t"))
			if !ok {
				return client
			}
			client = next
			if comma < 0 {
				break
			}
			rest = rest[:comma]
		}
	}
	return client
}

// parseAddr reads an address with or without a port. A zone means nothing to
// another host, and can be any text: it is dropped.
func parseAddr(s string) (netip.Addr, bool) {
	if s == "" {
		return netip.Addr{}, false
	}
	if s[0] == '[' || strings.Count(s, ":") == 1 {
		if ap, err := netip.ParseAddrPort(s); err == nil {
			return ap.Addr().Unmap().WithZone(""), true
		}
		s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
