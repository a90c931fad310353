//go:build !plimsoll_no_sqlite

package store

import (
	"context"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/store/sqlite"
)

func openSQLite(ctx context.Context, url config.URL, o options) (engine, error) {
	db, err := sqlite.Open(ctx, url.Reveal(), sqlite.Config{Readers: o.maxConns, Name: o.name})
	if err != nil {
		return nil, err // not db: a nil *sqlite.DB is not a nil engine
	}
	return db, nil
}
