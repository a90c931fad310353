package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store/internal/pool"
)

// engine is what a driver package opens.
type engine interface {
	Writer() *sql.DB
	Reader() *sql.DB
	Pools() []*pool.Pool // that requests use, the one that writes first
	Ready(context.Context) error
	Unknown(commit error) bool
	Close() error

	// Of the process that migrates; goose's interface.
	SessionLock(context.Context, *sql.Conn) error
	SessionUnlock(context.Context, *sql.Conn) error
}

// Open opens the database at url, sqlite:PATH or postgres://…, migrates it, and
// gives it to the host: readiness asks it, and a drain closes it last. host may
// be nil; then the caller closes it.
//
// It fails when the database cannot be reached now. The error says what to do,
// and never holds the password.
func Open(ctx context.Context, host life.Host, url config.URL, opts ...Option) (*DB, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	db := &DB{name: o.name}
	switch url.Scheme() {
	case "sqlite":
		db.dialect = SQLite
		db.engine, err = openSQLite(ctx, url, o)
	case "postgres", "postgresql":
		db.dialect = Postgres
		db.engine, err = openPostgres(ctx, url, o)
	case "":
		err = errors.New("open database: there is no URL; set it to sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")
	default:
		err = fmt.Errorf("open database: there is no driver for %s:; use sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", url.Scheme())
	}
	if err != nil {
		return nil, err
	}
	if o.migrations != nil {
		if err := migrate(ctx, db, o.migrations, logger(host)); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := db.observe(host); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if host != nil {
		host.Add(life.Component{Name: o.name, Phase: life.Stores, Ready: db.Ready, Stop: db.stop})
	}
	return db, nil
}
