package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/store/internal/pool"
)

var (
	// ErrNested says that Tx was called within a Tx of the same database. The
	// inner one would not be part of the outer, and on SQLite it would wait
	// for it until the context ends: pass the *sql.Tx on instead.
	ErrNested = errors.New("store: a transaction within a transaction; pass the *sql.Tx on")

	// ErrUnknown says that the connection was lost during the commit: it took
	// effect or it did not. Read what was written before doing it again.
	ErrUnknown = errors.New("store: the outcome of the commit is unknown")
)

type txKey struct{ db *DB }

// Tx runs fn in a transaction and commits it. When fn returns an error,
// panics, or ends its goroutine, and when ctx ends, it is rolled back; fn's
// error is returned as it is. Nothing is tried again: fn may have done what a
// rollback does not undo.
//
// The context that fn gets ends with ctx. Use it for what fn calls, so that a
// Tx within a Tx is found, and that a statement outside of tx, which takes a
// second connection, does not wait for one that it keeps from coming free: it
// fails with Unavailable (503) when there is none.
//
// Do not wait for anything but the database in fn: on SQLite everybody who
// wants to write waits meanwhile, on PostgreSQL the rows stay locked.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	if ctx.Value(txKey{db}) != nil {
		return ErrNested
	}
	tx, err := db.SQL().BeginTx(ctx, nil)
	if err != nil {
		return begin(ctx, err)
	}
	returned := false
	defer func() {
		if !returned { // fn panicked or called runtime.Goexit, and goes on doing so
			_ = tx.Rollback()
		}
	}()
	err = fn(pool.Within(context.WithValue(ctx, txKey{db}, true), db.engine), tx)
	returned = true
	if err != nil {
		return rollback(tx, err)
	}
	if err := ctx.Err(); err != nil {
		return rollback(tx, fmt.Errorf("commit: %w", err))
	}
	if err := tx.Commit(); err != nil {
		if db.engine.Unknown(err) {
			return problem.Wrap(problem.Upstream, "it is not known whether the change was made", fmt.Errorf("%w: %w", ErrUnknown, err))
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// begin says why there is no transaction. When the context ended while the
// pool looked for a connection that is alive, the pool may only say "bad
// connection".
func begin(ctx context.Context, err error) error {
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		return fmt.Errorf("begin transaction: %w: %w", over, err)
	}
	return fmt.Errorf("begin transaction: %w", err)
}

// rollback undoes tx because of err. That the context has done it already is
// no further error.
func rollback(tx *sql.Tx, err error) error {
	if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
		return fmt.Errorf("%w (rollback: %w)", err, undo)
	}
	return err
}
