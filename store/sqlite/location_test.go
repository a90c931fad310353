package sqlite

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	driver "modernc.org/sqlite"
)

func TestParseURL(t *testing.T) {
	here, err := filepath.Abs("orders.db")
	assert.NoError(t, err)
	for raw, want := range map[string]location{
		"sqlite:orders.db":                          {here, "normal", "rwc"},
		"sqlite:./orders.db":                        {here, "normal", "rwc"},
		"sqlite:/var/lib/orders.db":                 {"/var/lib/orders.db", "normal", "rwc"},
		"sqlite:///var/lib/orders.db":               {"/var/lib/orders.db", "normal", "rwc"},
		"sqlite:/a%20b/%3Fc%23.db":                  {"/a b/?c#.db", "normal", "rwc"},
		"sqlite:orders.db?synchronous=FULL&mode=rw": {here, "full", "rw"},
		"sqlite::memory:":                           {"", "normal", "rwc"},
	} {
		got, err := parseURL(raw)
		assert.NoError(t, err, raw)
		assert.Equal(t, got, want, raw)
	}
}

func TestParseURLSaysWhatIsWrong(t *testing.T) {
	for raw, want := range map[string]string{
		"postgres://h/x":               "not an sqlite URL",
		"sqlite:":                      "names no file",
		"sqlite://orders.db":           "write sqlite:orders.db or sqlite:///orders.db",
		"sqlite:a.db?cache=shared":     `unknown option "cache"`,
		"sqlite:a.db?synchronous=off":  "normal or full",
		"sqlite:a.db?mode=%zz":         "options after ?",
		"sqlite:%zz.db":                "path of the URL",
		"sqlite:a.db?_pragma=user_ver": `unknown option "_pragma"`,
	} {
		_, err := parseURL(raw)
		assert.Error(t, err, raw)
		assert.Contains(t, err.Error(), want, raw)
	}
}

// Whatever URL is accepted, the driver opens exactly the file that was named,
// with the options chosen here and no others.
func FuzzParseURL(f *testing.F) {
	for _, raw := range []string{"sqlite:orders.db", "sqlite:///a/b.db?mode=rw", "sqlite::memory:", "sqlite:a%3Fb&c=d;e.db", "sqlite:a?mode=rw?x"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		loc, err := parseURL(raw)
		if err != nil {
			return
		}
		dsn := loc.dsn("name", true)
		_, err = driver.NewConnector(dsn)
		assert.NoError(t, err, dsn)
		parsed, err := url.Parse(dsn)
		assert.NoError(t, err, dsn)
		assert.Equal(t, parsed.Query()["_txlock"], []string{"immediate"}, dsn)
		if loc.path == "" {
			assert.Equal(t, parsed.Path, "/name")
			return
		}
		assert.Equal(t, parsed.Path, loc.path)
		assert.True(t, filepath.IsAbs(loc.path) && !strings.ContainsRune(loc.path, 0), "%q", loc.path)
	})
}
