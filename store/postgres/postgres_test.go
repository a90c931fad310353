package postgres_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/postgres"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

func open(t *testing.T, url string, c postgres.Config) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, c)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// Every request ends at its deadline and gives its connection up; the server
// lets anybody in and does not answer, not even to a cancel request. The pool
// opens others, up to a limit.
func TestTheSocketsAreBoundedWhileTheServerHangs(t *testing.T) {
	const size = 3
	p := newProxy(t)
	db := open(t, p.url, postgres.Config{MaxOpen: size})
	var all sync.WaitGroup
	for range 4 * size {
		all.Go(func() {
			for range 8 {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
				if _, err := db.Writer().ExecContext(ctx, "SELECT 'hang here'"); err == nil {
					t.Error("a statement that hangs returned without an error")
				}
				cancel()
			}
		})
	}
	all.Wait()
	// Twice the pool, a cancel request for each of them, and readiness.
	assert.AtMost(t, p.most.Load(), int32(2*size+2*size+1))
	assert.AtLeast(t, p.most.Load(), int32(2*size), "the server did hang")

	close(p.heal)
	assert.Eventually(t, 10*time.Second, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return db.Writer().PingContext(ctx) == nil
	}, "the server answers again")
	assert.Eventually(t, 10*time.Second, func() bool { return p.open.Load() <= size+1 }, "what was given up is closed")
}

func TestACommitWhoseAnswerIsLostIsUnknown(t *testing.T) {
	p := newProxy(t)
	db := open(t, p.url, postgres.Config{})
	tx, err := db.Writer().BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "CREATE TABLE t (id INTEGER)")
	assert.NoError(t, err)
	err = tx.Commit()
	assert.Error(t, err)
	assert.True(t, db.Unknown(err), "%v", err)
}

func TestACommitThatTheServerRefusesIsKnown(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{})
	for _, statement := range []string{
		"CREATE TABLE parent (id INTEGER PRIMARY KEY)",
		"CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
	} {
		_, err := db.Writer().ExecContext(t.Context(), statement)
		assert.NoError(t, err)
	}
	tx, err := db.Writer().BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO child VALUES (1)")
	assert.NoError(t, err)
	err = tx.Commit()
	assert.Error(t, err)
	assert.False(t, db.Unknown(err), "%v", err)

	tx, err = db.Writer().BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "SELECT 1/0")
	assert.Error(t, err)
	err = tx.Commit()
	assert.Error(t, err, "the server rolled back what had failed")
	assert.False(t, db.Unknown(err), "%v", err)
}

func TestTheServerStopsAQueryWhoseContextEnded(t *testing.T) {
	url := storetest.Postgres(t).URL.Reveal()
	db, watcher := open(t, url, postgres.Config{}), open(t, url, postgres.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := db.Writer().ExecContext(ctx, "SELECT pg_sleep(60)")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Eventually(t, 5*time.Second, func() bool {
		var running int
		assert.NoError(t, watcher.Writer().QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)' AND state = 'active'").Scan(&running))
		return running == 0
	})
}

func TestTheServerShowsWhoIsConnected(t *testing.T) {
	url := storetest.Postgres(t).URL.Reveal()
	name := func(db *sql.DB) (name string) {
		assert.NoError(t, db.QueryRowContext(t.Context(), "SHOW application_name").Scan(&name))
		return name
	}
	assert.Equal(t, name(open(t, url, postgres.Config{Application: "orders"}).Writer()), "orders")
	assert.Equal(t, name(open(t, url+"&application_name=mine", postgres.Config{Application: "orders"}).Writer()), "mine")
}
