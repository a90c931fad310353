package telemetry_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func private(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() }

func TestClientAddr(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                      {"192.0.2.7:443", nil, "192.0.2.7"},
		"stranger's header is ignored":  {"192.0.2.7:443", []string{"10.0.0.1"}, "192.0.2.7"},
		"trusted proxy":                 {"10.0.0.2:5000", []string{"192.0.2.7"}, "192.0.2.7"},
		"right-most untrusted":          {"10.0.0.2:5000", []string{"198.51.100.1, 192.0.2.7, 10.0.0.9"}, "192.0.2.7"},
		"two headers are one list":      {"10.0.0.2:5000", []string{"198.51.100.1", "192.0.2.7", "10.0.0.9,10.0.0.8"}, "192.0.2.7"},
		"all trusted: the left-most":    {"10.0.0.2:5000", []string{"10.0.0.4 ,\t10.0.0.3"}, "10.0.0.4"},
		"trusted without header":        {"10.0.0.2:5000", nil, "10.0.0.2"},
		"spoofed left of a bad entry":   {"10.0.0.2:5000", []string{"192.0.2.7, unknown, 10.0.0.9"}, "10.0.0.9"},
		"empty entry":                   {"10.0.0.2:5000", []string{"192.0.2.7,"}, "10.0.0.2"},
		"entry with a port":             {"10.0.0.2:5000", []string{"192.0.2.7:8080"}, "192.0.2.7"},
		"IPv6 peer":                     {"[2001:db8::1]:443", nil, "2001:db8::1"},
		"IPv6 entries":                  {"[::1]:443", []string{"2001:db8::2"}, "2001:db8::2"},
		"IPv6 in brackets":              {"[::1]:443", []string{"[2001:db8::2]"}, "2001:db8::2"},
		"IPv6 with a port":              {"[::1]:443", []string{"[2001:db8::2]:9000"}, "2001:db8::2"},
		"IPv4 in IPv6":                  {"[::ffff:10.0.0.2]:443", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		"a zone is dropped":             {"127.0.0.1:1", []string{`fe80::1%"};drop`}, "fe80::1"},
		"a host name is not an address": {"127.0.0.1:1", []string{"example.com"}, "127.0.0.1"},
		"unix socket":                   {"@", []string{"192.0.2.7"}, "invalid IP"},
		"nothing":                       {"", nil, "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != nil {
			r.Header["X-Forwarded-For"] = c.forwarded
		}
		assert.Equal(t, telemetry.ClientAddr(r, private).String(), c.want, name)
	}
}

func FuzzClientAddr(f *testing.F) {
	f.Add("10.0.0.2:5000", "192.0.2.7, 10.0.0.9", "10.0.0.8")
	f.Add("[::1]:443", "[2001:db8::2]:9000", "fe80::1%eth0")
	f.Add("127.0.0.1:1", ",,:[]", "[")
	f.Fuzz(func(t *testing.T, peer, one, two string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {one, two}}}
		nobody := telemetry.ClientAddr(r, func(netip.Addr) bool { return false })
		delete(r.Header, "X-Forwarded-For")
		alone := telemetry.ClientAddr(r, private)
		if nobody != alone {
			t.Fatalf("%v named by a header nobody trusts, the peer is %v", nobody, alone)
		}
		r.Header["X-Forwarded-For"] = []string{one, two}
		if a := telemetry.ClientAddr(r, private); a.Zone() != "" || a.Is4In6() || a.IsValid() != alone.IsValid() {
			t.Fatalf("%v", a)
		}
	})
}
