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

// The server lets anybody in and does not answer, not even to be told to cancel:
// the network is dead behind the proxy. Connections are given up, and others are
// made once a second.
func TestADeadNetworkIsNotFloodedWithConnections(t *testing.T) {
	const size = 3
	p := newProxy(t)
	db := open(t, p.url, postgres.Config{MaxOpen: size})
	before, start := p.made.Load(), time.Now()
	var all sync.WaitGroup
	for range 4 * size {
		all.Go(func() {
			for time.Since(start) < 2500*time.Millisecond {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
				if _, err := db.Writer().ExecContext(ctx, "SELECT 'hang here'"); err == nil {
					t.Error("a statement that hangs returned without an error")
				}
				<-ctx.Done()
				cancel()
			}
		})
	}
	all.Wait()
	seconds := int32(time.Since(start)/time.Second) + 1
	// The pool fills, and from then on it is one a second; so it is for the
	// connection of readiness, which was asked to cancel.
	assert.AtMost(t, p.made.Load()-before, size+seconds+seconds)
	assert.AtMost(t, p.most.Load(), int32(2*size+2))
	assert.AtLeast(t, p.made.Load()-before, int32(size+1), "the server did hang")

	close(p.heal)
	healed := time.Now()
	assert.Eventually(t, 10*time.Second, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return db.Writer().PingContext(ctx) == nil
	}, "the server answers again")
	assert.AtMost(t, time.Since(healed), 2*time.Second)
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
