package config_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// mustBeFault holds what every refusal of this package's types owes: a fault on one line.
func mustBeFault(t *testing.T, err error) {
	t.Helper()
	fault := config.Fault{}
	assert.True(t, errors.As(err, &fault))
	assert.NotZero(t, fault.Problem)
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://u:p@h:1/x?y#z", "sqlite:orders.db", "postgres://u:p@a:1,b:2/x", "http://[::1%25e]:1", "http:/x", ":", "x://,@,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := config.ParseURL(raw)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		assert.NotZero(t, u.Scheme())
		if u.Scheme() == "http" || u.Scheme() == "https" {
			assert.NotZero(t, u.Parsed().Hostname())
		}
		if password, ok := u.Parsed().User.Password(); ok && len(password) > 8 && !strings.Contains(u.Parsed().Host+u.Parsed().Path+"redacted", password) {
			assert.NotContains(t, u.String(), password)
		}
		again, err := config.ParseURL(u.Reveal())
		assert.NoError(t, err)
		assert.Equal(t, again.String(), u.String())
	})
}

func FuzzSecret(f *testing.F) {
	f.Add("abc\n")
	f.Add("a\r\nb\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		var s config.Secret
		assert.NoError(t, s.UnmarshalText([]byte(raw)))
		assert.Equal(t, s.IsZero(), s.Reveal() == "")
		assert.True(t, strings.HasPrefix(raw, s.Reveal()))
		assert.AtMost(t, len(raw)-len(s.Reveal()), 2)
	})
}

func FuzzNetworks(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8,fd00::/8", "none", "::ffff:1.2.3.4/128", "1.2.3.4", "::ffff:0:0/90", ",", "fe80::1%e/64"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		n, err := config.ParseNetworks(raw)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		for _, p := range n {
			assert.True(t, n.Contains(p.Addr()), "%s is not in %s", p.Addr(), n)
			assert.True(t, n.Contains(netip.AddrFrom16(p.Addr().As16())))
		}
		again, err := config.ParseNetworks(n.String())
		assert.NoError(t, err)
		assert.Equal(t, again.String(), n.String())
	})
}

func FuzzBytes(f *testing.F) {
	for _, s := range []string{"1MiB", "512KB", "100", "9223372036854775808", "1 Ki", "-1", "1m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var b, again config.Bytes
		if err := b.UnmarshalText([]byte(raw)); err != nil {
			mustBeFault(t, err)
			return
		}
		assert.AtLeast(t, b, 0)
		assert.NoError(t, again.UnmarshalText([]byte(b.String())))
		assert.Equal(t, again, b)
	})
}

func FuzzPort(f *testing.F) {
	f.Add("8080")
	f.Add("65536")
	f.Fuzz(func(t *testing.T, raw string) {
		var p config.Port
		if err := p.UnmarshalText([]byte(raw)); err != nil {
			mustBeFault(t, err)
		}
	})
}

func FuzzAddr(f *testing.F) {
	for _, s := range []string{":8081", "[::1]:1", "localhost:80", "a:b:c", "[fe80::1%e]:9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var a config.Addr
		if err := a.UnmarshalText([]byte(raw)); err != nil {
			mustBeFault(t, err)
			return
		}
		assert.Contains(t, a.String(), ":")
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("COUNT", "5")
	f.Add("PLIMSOLL_DEADLIN", "5s")
	f.Add("SIZES", "1,2,3KB")
	f.Fuzz(func(t *testing.T, name, value string) {
		err := config.Load([]string{name + "=" + value}, new(everything), new(guarantees))
		if err == nil {
			return
		}
		all := assert.ErrorAs[*config.Error](t, err)
		assert.Len(t, strings.Split(err.Error(), "\n"), len(all.Faults)+1)
		for _, fault := range all.Faults {
			assert.NotZero(t, fault.Problem)
		}
	})
}
