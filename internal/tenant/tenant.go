// Package tenant tells the callers of a service apart, for fairness alone: a flood
// of one is not to take the share of the others. What it goes by is not verified,
// so it says nothing of who a caller is and grants nothing.
package tenant

import (
	"errors"
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"

	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Rule is what tells callers apart: "address", "token" or "header:NAME". The zero
// value tells none apart.
type Rule string

// The rules. With Token it is the Authorization header, of which only a hash is
// kept. With "header:NAME" it is that header; outside the trust boundary, where
// anyone may name another, it counts together with the address.
const (
	Nobody  Rule = ""
	Address Rule = "address"
	Token   Rule = "token"

	headerPrefix = "header:"
)

// ErrUnknown is the error of Parse.
var ErrUnknown = errors.New("is not a tenant rule")

// Parse reads a rule as it is written in configuration.
func Parse(word string) (Rule, error) {
	name, isHeader := strings.CutPrefix(word, headerPrefix)
	switch r := Rule(word); {
	case r == Nobody, r == Address, r == Token, isHeader && isToken(name):
		return r, nil
	default:
		return Nobody, ErrUnknown
	}
}

// isToken says whether the name can be a header's (RFC 9110, 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		alphanumeric := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

// Keys makes the keys of one service. They mean nothing to another process: nobody
// can choose a header so that its key is another's.
type Keys struct {
	rule    Rule
	header  string // canonical
	trusted func(netip.Addr) bool
	seed    maphash.Seed
}

// NewKeys makes keys by a rule that Parse has returned. Trusted says which
// addresses are inside the trust boundary, as for telemetry.ClientAddr.
func NewKeys(rule Rule, trusted func(netip.Addr) bool) *Keys {
	name, _ := strings.CutPrefix(string(rule), headerPrefix)
	return &Keys{rule: rule, header: http.CanonicalHeaderKey(name), trusted: trusted, seed: maphash.MakeSeed()}
}

// Of is the key of a request's tenant; 0: nobody in particular. Own is the route's
// own way to tell tenants apart; nil: the service's rule.
func (k *Keys) Of(r *http.Request, own func(*http.Request) string) uint64 {
	switch {
	case own != nil:
		return k.sum(own(r), netip.Addr{})
	case k.rule == Nobody:
		return 0
	case k.rule == Token:
		return k.sum(r.Header.Get("Authorization"), netip.Addr{})
	}
	client := telemetry.ClientAddr(r, k.trusted)
	switch value := r.Header.Get(k.header); {
	case k.rule == Address:
		return k.sum("", network(client))
	case value == "":
		return 0
	case k.trusted(client):
		return k.sum(value, netip.Addr{})
	default:
		return k.sum(value, network(client))
	}
}

// network is what one caller has for itself: with IPv6 usually 64 bits.
func network(client netip.Addr) netip.Addr {
	if client.Is6() {
		prefix, _ := client.Prefix(64) // of an address without a zone that cannot fail
		return prefix.Addr()
	}
	return client
}

func (k *Keys) sum(value string, client netip.Addr) uint64 {
	if value == "" && !client.IsValid() {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(k.seed)
	_, _ = h.WriteString(value) // it never fails
	address := client.As16()
	_, _ = h.Write(address[:])
	return max(h.Sum64(), 1) // 0 is nobody
}
