package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store"
)

// Database is an empty database that nobody else uses. It is removed when the
// test ends.
type Database struct {
	URL config.URL

	// Down takes the database away, as an outage does, and Up brings it back.
	Down, Up func()
}

// SQLite makes a database in a file.
func SQLite(tb testing.TB) Database {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "test.db")
	return Database{
		URL:  mustURL(tb, "sqlite:"+path),
		Down: func() { assert.NoError(tb, os.Rename(path, path+".away")) },
		Up:   func() { assert.NoError(tb, os.Rename(path+".away", path)) },
	}
}

// Open opens a database for a test, which closes it when it ends.
func Open(tb testing.TB, url config.URL, opts ...store.Option) *store.DB {
	tb.Helper()
	db, err := store.Open(tb.Context(), nil, url, opts...)
	assert.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, db.Close()) })
	return db
}

func mustURL(tb testing.TB, raw string) config.URL {
	tb.Helper()
	url, err := config.ParseURL(raw)
	assert.NoError(tb, err, "parse the URL of the test's database")
	return url
}

// host is a service that only keeps what it was given.
type host struct{ components []life.Component }

func (h *host) Add(c life.Component) { h.components = append(h.components, c) }
