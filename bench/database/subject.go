package database

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/store"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

// size is how many connections each subject may have.
const size = 10

// subject is a pool under measurement.
type subject struct {
	name string
	db   *sql.DB
	url  string
}

// subjects are Plimsoll's store and plain database/sql, each on a database of its
// own in the same server.
func subjects(tb testing.TB) []subject {
	tb.Helper()
	ours, plain := storetest.Postgres(tb).URL, storetest.Postgres(tb).URL
	peer, err := sql.Open("pgx", plain.Reveal())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = peer.Close() })
	peer.SetMaxOpenConns(size)
	peer.SetMaxIdleConns(size)
	return []subject{
		{"plimsoll", open(tb, ours), ours.Reveal()},
		{"database/sql + pgx", peer, plain.Reveal()},
	}
}

func open(tb testing.TB, url config.URL) *sql.DB {
	tb.Helper()
	return storetest.Open(tb, url, store.MaxConns(size)).SQL()
}

// observer is a connection from outside.
func observer(tb testing.TB, url string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	for _, statement := range []string{"DROP TABLE IF EXISTS t", "CREATE TABLE t (id INTEGER)"} {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

// ask runs one statement within a budget, and says how long its answer took.
func ask(ctx context.Context, db *sql.DB, query string, budget time.Duration) (time.Duration, error) {
	start := time.Now()
	ctx, cancel := context.WithDeadline(ctx, start.Add(budget))
	defer cancel()
	err := db.QueryRowContext(ctx, query).Scan(new(int))
	return time.Since(start), err
}
