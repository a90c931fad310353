package tenant

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func inside(a netip.Addr) bool { return a.IsLoopback() }

// from is the key of a request from an address with these headers.
func from(k *Keys, address string, header ...string) uint64 {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = address
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return k.Of(r, nil)
}

func TestRules(t *testing.T) {
	for _, word := range []string{"", "address", "token", "header:X-Api-Key", "header:x"} {
		r, err := Parse(word)
		assert.NoError(t, err, word)
		assert.Equal(t, string(r), word)
	}
	for _, word := range []string{"Address", "header", "header:", "header:a b", "header:a:b", "header:ä", "ip"} {
		_, err := Parse(word)
		assert.ErrorIs(t, err, ErrUnknown, word)
	}
}

func TestNobodyIsToldApart(t *testing.T) {
	k := NewKeys(Nobody, inside)
	assert.Zero(t, from(k, "192.0.2.1:1", "Authorization", "a"))
}

func TestByAddress(t *testing.T) {
	k := NewKeys(Address, inside)
	one := from(k, "192.0.2.1:1")
	assert.NotZero(t, one)
	assert.Equal(t, from(k, "192.0.2.1:2"), one)
	assert.NotEqual(t, from(k, "192.0.2.2:1"), one)
	assert.Equal(t, from(k, "[2001:db8::1]:1"), from(k, "[2001:db8::2:3]:1"), "64 bits are one network")
	assert.NotEqual(t, from(k, "[2001:db8::1]:1"), from(k, "[2001:db8:0:1::1]:1"))
	assert.Equal(t, from(k, "127.0.0.1:1", "X-Forwarded-For", "192.0.2.1"), one, "a trusted proxy names it")
	assert.Equal(t, from(k, "192.0.2.1:1", "X-Forwarded-For", "192.0.2.9"), one, "others may name nobody")
	assert.Zero(t, from(k, "@"), "a Unix socket")
}

func TestByToken(t *testing.T) {
	k := NewKeys(Token, inside)
	one := from(k, "192.0.2.1:1", "Authorization", "Bearer a")
	assert.NotZero(t, one)
	assert.Equal(t, from(k, "192.0.2.2:1", "Authorization", "Bearer a"), one)
	assert.NotEqual(t, from(k, "192.0.2.1:1", "Authorization", "Bearer b"), one)
	assert.Zero(t, from(k, "192.0.2.1:1"))
	assert.NotEqual(t, from(NewKeys(Token, inside), "192.0.2.1:1", "Authorization", "Bearer a"), one, "nobody outside can know it")
}

func TestByHeader(t *testing.T) {
	k := NewKeys("header:x-tenant", inside)
	one := from(k, "127.0.0.1:1", "X-Tenant", "acme")
	assert.NotZero(t, one)
	assert.Equal(t, from(k, "127.0.0.2:1", "X-Tenant", "acme"), one)
	assert.NotEqual(t, from(k, "127.0.0.1:1", "X-Tenant", "other"), one)
	assert.Zero(t, from(k, "127.0.0.1:1"))

	outside := from(k, "192.0.2.1:1", "X-Tenant", "acme")
	assert.NotEqual(t, outside, one, "whoever is outside cannot take another's share")
	assert.NotEqual(t, from(k, "192.0.2.2:1", "X-Tenant", "acme"), outside)
	assert.NotEqual(t, from(k, "192.0.2.1:1", "X-Tenant", "other"), outside)
	assert.Zero(t, from(k, "192.0.2.1:1"))
}

func TestARouteHasItsOwnWay(t *testing.T) {
	k := NewKeys(Token, inside)
	r := httptest.NewRequest(http.MethodGet, "/?tenant=a", nil)
	r.Header.Set("Authorization", "Bearer a")
	own := func(r *http.Request) string { return r.URL.Query().Get("tenant") }
	assert.NotZero(t, k.Of(r, own))
	assert.NotEqual(t, k.Of(r, own), k.Of(r, nil))
	r.URL.RawQuery = ""
	assert.Zero(t, k.Of(r, own))
}

func FuzzParse(f *testing.F) {
	f.Add("header:X-Tenant")
	f.Add("header:\x00")
	f.Fuzz(func(t *testing.T, word string) {
		rule, err := Parse(word)
		if err != nil {
			return
		}
		if string(rule) != word {
			t.Errorf("%q became %q", word, rule)
		}
		from(NewKeys(rule, inside), "192.0.2.1:1", "X-Tenant", "a")
	})
}
