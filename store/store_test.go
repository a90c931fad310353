package store_test

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Run(t, storetest.SQLite) }

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(tb testing.TB) storetest.Database {
		tb.Helper()
		return storetest.Postgres(tb)
	})
}

func parse(t *testing.T, raw string) config.URL {
	t.Helper()
	url, err := config.ParseURL(raw)
	assert.NoError(t, err)
	return url
}
