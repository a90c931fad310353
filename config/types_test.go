package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// printings is every way a value can leave a program by accident.
func printings(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%10.3s", "%e", "%c", "%U"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintln(&b, errors.New(fmt.Sprint(v)))
	text, err := json.Marshal(v)
	assert.NoError(t, err)
	b.Write(text)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	return b.String()
}

func TestCredentialsAreNotPrinted(t *testing.T) {
	const canary = "hunter2canary"
	where, err := config.ParseURL("postgres://admin:" + canary + "@db:5432/orders?password=" + canary + "&sslmode=require")
	assert.NoError(t, err)
	key := config.NewSecret(canary)
	type exported struct {
		Key   config.Secret
		Where config.URL
		List  []config.Secret
		Map   map[string]config.URL
	}
	type unexported struct {
		key   config.Secret
		where config.URL
		deep  struct{ list []config.Secret }
	}
	hidden := unexported{key: key, where: where}
	hidden.deep.list = []config.Secret{key}
	for _, v := range []any{
		key, &key, where, &where, []config.Secret{key}, map[string]config.URL{"a": where},
		exported{key, where, []config.Secret{key}, map[string]config.URL{"a": where}}, hidden, &hidden,
	} {
		out := printings(t, v)
		assert.NotContains(t, out, canary)
		assert.NotContains(t, out, "canary")
		assert.NotContains(t, strings.ToLower(out), fmt.Sprintf("%x", canary))
		assert.NotContains(t, out, "admin")
	}
	assert.Equal(t, key.Reveal(), canary)
	assert.Equal(t, where.String(), "postgres://redacted@db:5432/orders?redacted")
	assert.Equal(t, where.Parsed().User.Username(), "admin")
}

func TestSecret(t *testing.T) {
	var unset config.Secret
	assert.Equal(t, fmt.Sprintf("%v|%#v|%d", unset, unset, unset), "||")
	assert.True(t, unset.IsZero())
	assert.False(t, unset.Equal(""))
	set := config.NewSecret("abc")
	assert.True(t, set.Equal("abc"))
	assert.False(t, set.Equal("ab"))
	assert.False(t, set.Equal(""))
	for text, want := range map[string]string{
		"abc\n": "abc", "abc\r\n": "abc", "abc": "abc", " abc ": " abc ", "\n": "", "abc\n\n": "abc\n\n",
		"-----BEGIN\nKEY\n": "-----BEGIN\nKEY\n",
	} {
		var s config.Secret
		assert.NoError(t, s.UnmarshalText([]byte(text)))
		assert.Equal(t, s.Reveal(), want, "%q", text)
	}
}

func TestURLsAreReadAndShown(t *testing.T) {
	for raw, shown := range map[string]string{
		"https://payments.internal:8443/v1/":     "https://payments.internal:8443/v1/",
		"HTTP://host":                            "http://host",
		" http://host\n":                         "http://host",
		"http://user@host/x?y=z":                 "http://redacted@host/x?redacted",
		"http://[::1]:8080":                      "http://[::1]:8080",
		"sqlite:orders.db":                       "sqlite:orders.db",
		"sqlite::memory:":                        "sqlite::memory:",
		"sqlite:///var/lib/orders.db":            "sqlite:///var/lib/orders.db",
		"sqlite:a.db?_pragma=key(x)":             "sqlite:a.db?redacted",
		"postgres:///orders?host=/run/pg":        "postgres:///orders?redacted",
		"postgres://u:p%40%23%2F@db/orders":      "postgres://redacted@db/orders",
		"postgresql://u:p@a:5432,b:5433/x":       "postgresql://redacted@a:5432,b:5433/x",
		"postgres://u:p@ss@db/orders":            "postgres://redacted@db/orders",
		"redis://:pw@cache:6379/0":               "redis://redacted@cache:6379/0",
		"unix:///run/app.sock":                   "unix:///run/app.sock",
		"https://host/path%2Fwith%20escapes/%41": "https://host/path%2Fwith%20escapes/%41",
	} {
		u, err := config.ParseURL(raw)
		assert.NoError(t, err, "%s", raw)
		assert.Equal(t, u.String(), shown)
		assert.Equal(t, u.Reveal(), strings.TrimSpace(raw))
		assert.Equal(t, u.Scheme(), strings.ToLower(u.Parsed().Scheme))
	}
}

func TestURLsAreRefusedWithoutRepeatingThem(t *testing.T) {
	for _, raw := range []string{
		"payments", "sqlite", "a#b://c", "payments:8080", "10.0.0.1:80", "//host", "http:", "http:/host", "http://", "http://:8080", "http:host", "https:///x",
		"http://host:99999", "http://host:http", "http://a,b", "http://host/#x", "http://host/%zz", "http://ho st", "http://host\x00", "://x",
		"postgres://", "postgres:orders", "postgres://u:p@a:1,b:99999/x", "sqlite:", "sqlite://", "sqlite:/", "file:", "mailto:a@b", "localhost:80/x",
		// a password with a special character that moves the end of the authority
		"postgres://u:12#hunter2@db/x", "postgres://u:12/hunter2@db/x", "postgres://u:12?hunter2@db/x", "http://u:hunter2/x@h:1",
		"postgres://u:hunter2%@db/x", "postgres://u:hunter2 @db/x",
	} {
		u, err := config.ParseURL(raw)
		fault := assert.ErrorAs[config.Fault](t, err, "%s is %v", raw, u)
		assert.NotZero(t, fault.Hint)
		assert.NotContains(t, fault.Error(), "hunter2")
		assert.NotContains(t, fault.Error(), "u:12")
		assert.True(t, u.IsZero())
	}
}

func TestAURLOfTheWrongScheme(t *testing.T) {
	var c struct {
		Payments config.URL `env:"PAYMENTS_URL" scheme:"http,https"`
	}
	for _, raw := range []string{"htp://host", "postgres://u:hunter2@host/x", "sqlite:x"} {
		err := config.Load([]string{"PAYMENTS_URL=" + raw}, &c)
		assert.Contains(t, err.Error(), "PAYMENTS_URL  has the scheme")
		assert.Contains(t, err.Error(), "use http or https")
		assert.NotContains(t, err.Error(), "hunter2")
	}
	assert.NoError(t, config.Load([]string{"PAYMENTS_URL=HTTPS://host"}, &c))
}

func TestTheZeroURL(t *testing.T) {
	var u config.URL
	assert.Equal(t, fmt.Sprintf("%v%s%#v", u, u.Reveal(), u.Scheme()), `""`)
	assert.Equal(t, u.Parsed().String(), "")
}

func TestAParsedURLIsACopy(t *testing.T) {
	u, err := config.ParseURL("http://host/a")
	assert.NoError(t, err)
	u.Parsed().Path = "/b"
	assert.Equal(t, u.Parsed().Path, "/a")
}

func TestNetworks(t *testing.T) {
	n, err := config.ParseNetworks("10.0.0.0/8, fd00::/8,192.0.2.7,::ffff:172.16.0.0/108,fe80::/10")
	assert.NoError(t, err)
	assert.Equal(t, n.String(), "10.0.0.0/8,fd00::/8,192.0.2.7/32,172.16.0.0/12,fe80::/10")
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "11.0.0.1": false, "fd12::1": true, "fe80::1%eth0": true,
		"192.0.2.7": true, "192.0.2.8": false, "172.20.0.1": true, "::1": false,
	} {
		assert.Equal(t, n.Contains(netip.MustParseAddr(addr)), want, "%s", addr)
	}
	assert.False(t, n.Contains(netip.Addr{}))
	assert.False(t, config.Networks(nil).Contains(netip.MustParseAddr("127.0.0.1")))
	_, err = config.ParseNetworks("10.0.0.1/8")
	assert.Contains(t, err.Error(), "did you mean 10.0.0.0/8?")
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]config.Bytes{
		"0": 0, "100": 100, "100B": 100, "512KB": 512_000, "512kb": 512_000, "1KiB": 1024, "1Ki": 1024, "64 MiB": 64 << 20,
		"2gb": 2e9, "1Ti": 1 << 40, "8388607TiB": 8388607 << 40, "9223372036854775807": 1<<63 - 1,
	} {
		var b config.Bytes
		assert.NoError(t, b.UnmarshalText([]byte(text)))
		assert.Equal(t, b, want, "%s", text)
	}
	for want, b := range map[string]config.Bytes{"0B": 0, "1MiB": 1 << 20, "1MB": 1e6, "1025B": 1025, "1536KiB": 1536 << 10, "-1KB": -1000} {
		assert.Equal(t, b.String(), want)
	}
}

func TestPortBecomesAnAddress(t *testing.T) {
	assert.Equal(t, config.Port(8080).Addr(), ":8080")
}
