package store

import (
	"errors"
	"fmt"
	"io/fs"
)

// Option changes what Open does.
type Option func(*options)

type options struct {
	name       string
	migrations fs.FS
	maxConns   int
	faults     []error
}

func newOptions(opts []Option) (options, error) {
	o := options{name: "database"}
	for _, option := range opts {
		option(&o)
	}
	return o, errors.Join(o.faults...)
}

// Migrations brings the schema up to date when the database is opened, with
// the goose files in fsys: 00001_orders.sql, 00002_items.sql, each with a
// "-- +goose Up" line. They may stand at the top of fsys or in a folder
// "migrations" (as go:embed has it), and, where databases differ, in folders
// "sqlite" and "postgres" within.
//
// Of several processes that start at once, one migrates and the others wait.
// Files are never undone; a database that is ahead of this binary is used as
// it is, so that a service can be rolled back: expand first, contract later.
func Migrations(fsys fs.FS) Option {
	return func(o *options) { o.migrations = fsys }
}

// MaxConns is how many connections may be used at the same time: on PostgreSQL
// in all (the default is 10), on SQLite for reading (the default is 4, or
// GOMAXPROCS where that is more; one more writes).
func MaxConns(n int) Option {
	return func(o *options) {
		if n < 1 {
			o.faults = append(o.faults, fmt.Errorf("store.MaxConns(%d): need at least one connection", n))
		}
		o.maxConns = n
	}
}

// Name is what the component is called in readiness and logs, for a service
// with two databases. The default is "database".
func Name(name string) Option {
	return func(o *options) { o.name = name }
}
