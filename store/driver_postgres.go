//go:build !plimsoll_no_postgres

package store

import (
	"context"
	"os"
	"path/filepath"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/store/postgres"
)

func openPostgres(ctx context.Context, url config.URL, o options) (engine, error) {
	db, err := postgres.Open(ctx, url.Reveal(), postgres.Config{
		MaxOpen:     o.maxConns,
		Name:        o.name,
		Application: filepath.Base(os.Args[0]),
	})
	if err != nil {
		return nil, err // not db: a nil *postgres.DB is not a nil engine
	}
	return db, nil
}
