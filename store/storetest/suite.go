package storetest

import (
	"context"
	"database/sql"
	"testing"
	"testing/fstest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store"
)

// prompt is how late something that a context ended may return: far more than
// it takes, far less than the waits it should not have made.
const prompt = 2 * time.Second

// Run is what every kind of database must hold. fresh makes an empty one.
func Run(t *testing.T, fresh func(testing.TB) Database) {
	t.Helper()
	s := suite{fresh: fresh}
	t.Run("migrations are applied once", s.migrateOnce)
	t.Run("migrations are added", s.migrateMore)
	t.Run("a migration that fails is rolled back", s.migrateFails)
	t.Run("one of many migrates, the others wait", s.migrateTogether)
	t.Run("the wait for another migration ends with ctx", s.migrateBounded)
	t.Run("a database ahead of the binary is used as it is", s.migrateAhead)
	t.Run("a transaction commits", s.txCommits)
	t.Run("a transaction rolls back on an error", s.txRollsBack)
	t.Run("a transaction rolls back on a panic", s.txPanics)
	t.Run("a transaction rolls back when the goroutine ends", s.txGoexit)
	t.Run("a transaction rolls back when its context ends", s.txCancelled)
	t.Run("a transaction within a transaction is refused", s.txNested)
	t.Run("a transaction that wants a second connection does not wait for itself", s.txAlone)
	t.Run("what a transaction did not commit is not seen", s.txIsolated)
	t.Run("foreign keys are enforced", s.foreignKeys)
	t.Run("writers do not disturb each other", s.writers)
	t.Run("a query ends with its context and the pool heals", s.cancelQuery)
	t.Run("a statement in Tx ends with ctx and the pool heals", s.cancelTx)
	t.Run("the wait for a turn to write ends with ctx", s.turnBounded)
	t.Run("the pool is bounded and its wait ends with ctx", s.poolBounded)
	t.Run("a busy pool is ready", s.readyWhenBusy)
	t.Run("readiness follows the database", s.readyFollows)
	t.Run("it closes twice, and is unready afterwards", s.closes)
	t.Run("a drain waits for a transaction", s.drainWaits)
	t.Run("a drain that cannot wait says so", s.drainBounded)
}

type suite struct{ fresh func(testing.TB) Database }

// schema is what most tests use.
var schema = fstest.MapFS{"00001_schema.sql": file(`
CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter (id, n) VALUES (1, 0);
CREATE TABLE child (counter_id INTEGER NOT NULL REFERENCES counter (id));`)}

// endless is a query without an end, for every dialect.
const endless = `WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x > 0) SELECT count(*) FROM n`

// file is a goose migration.
func file(up string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + up + "\n")}
}

// open opens a fresh database with the schema.
func (s suite) open(t *testing.T, opts ...store.Option) *store.DB {
	t.Helper()
	return Open(t, s.fresh(t).URL, append(opts, store.Migrations(schema))...)
}

// count is the value of the counter as the pool of readers sees it.
func count(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	assert.NoError(t, db.Reader().QueryRowContext(t.Context(), "SELECT n FROM counter WHERE id = 1").Scan(&n))
	return n
}

// increment adds one to the counter.
func increment(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE counter SET n = n + 1 WHERE id = 1")
	return err
}

// soon is a context that ends while something waits for it.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// holdTx starts a transaction that has written, and returns when it has. The
// transaction ends, without an error, when release is called.
func holdTx(t *testing.T, db *store.DB) (release func() error) {
	t.Helper()
	written, letGo, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			err := increment(ctx, tx)
			close(written)
			<-letGo
			return err
		})
	}()
	<-written
	return func() error {
		close(letGo)
		return <-ended
	}
}
