package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	readyWait = time.Second           // readiness is asked about once a second
	stopPoll  = 10 * time.Millisecond // how often a drain looks whether connections were returned
)

// DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	engine  engine
	dialect Dialect
	name    string
}

// SQL is the pool that reads and writes. On SQLite it is the one connection
// that writes: a statement waits behind every other, and one that is executed
// within [DB.Tx] would wait for itself. Change things in a Tx, read with Reader,
// and give this to libraries that want a *sql.DB.
//
// Its own limits of connections are off: package store limits them, in front of
// it, so that who waits for one waits by class and by what is left of the budget.
func (db *DB) SQL() *sql.DB { return db.engine.Writer() }

// Reader is the pool that reads. On SQLite it never waits for the writer, and
// a statement that writes fails. On PostgreSQL it is the same pool as SQL.
func (db *DB) Reader() *sql.DB { return db.engine.Reader() }

// Dialect is the kind of SQL that the database speaks.
func (db *DB) Dialect() Dialect { return db.dialect }

// Rebind is Rebind of the database's dialect.
func (db *DB) Rebind(query string) string { return db.dialect.Rebind(query) }

// Ready asks the database whether it can answer, within a second, on a
// connection that requests do not use: a pool that is busy is not down.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	return db.engine.Ready(ctx)
}

// Close closes the database; connections in use close when they are returned.
// Closing again does nothing. A host that was given to Open does it.
func (db *DB) Close() error { return db.engine.Close() }

// stop closes the database, having waited for what still uses it.
func (db *DB) stop(ctx context.Context) error {
	err := db.Close()
	poll := time.NewTicker(stopPoll)
	defer poll.Stop()
	for {
		used := 0
		for _, p := range db.engine.Pools() {
			used += p.Stats().Used
		}
		if used == 0 {
			return err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("close %s: %d connections are still in use, what they were doing is lost: %w", db.name, used, ctx.Err())
		}
	}
}
