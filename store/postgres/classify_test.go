package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/store/postgres"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

func TestAnOutageInTheMiddleIsUnavailable(t *testing.T) {
	database := storetest.Postgres(t)
	db := open(t, database.URL.Reveal(), postgres.Config{MaxOpen: 2}).Writer()
	tx, err := db.BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "CREATE TABLE t (id INTEGER)")
	assert.NoError(t, err)
	database.Down()
	for range 2 { // the second finds the connection closed already
		_, err = tx.ExecContext(t.Context(), "SELECT 1")
		assert.Error(t, err)
		assert.Equal(t, problem.From(err).Kind, problem.Unavailable, "%v", err)
		assert.Equal(t, problem.From(err).Header.Get("Plimsoll-Executed"), "", "who knows")
	}
	assert.Error(t, tx.Commit())
	for range 5 {
		_, err = db.ExecContext(t.Context(), "SELECT 1")
		assert.Equal(t, problem.From(err).Kind, problem.Unavailable, "%v", err)
	}
	database.Up()
	assert.Eventually(t, 5*time.Second, func() bool { _, err := db.ExecContext(t.Context(), "SELECT 1"); return err == nil })
}

func TestWhatTheServerSaysOfAStatementStays(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{}).Writer()
	_, err := db.ExecContext(t.Context(), "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	assert.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO t VALUES (1), (1)")
	assert.Equal(t, assert.ErrorAs[*pgconn.PgError](t, err).Code, "23505")
	var p *problem.Error
	assert.False(t, errors.As(err, &p), "%v", err)

	first, err := db.BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = first.ExecContext(t.Context(), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	assert.NoError(t, err)
	_, err = first.ExecContext(t.Context(), "SELECT * FROM t")
	assert.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO t VALUES (7)")
	assert.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE t SET id = 8")
	assert.NoError(t, err)
	_, err = first.ExecContext(t.Context(), "INSERT INTO t VALUES (8)")
	assert.Equal(t, assert.ErrorAs[*pgconn.PgError](t, err).Code, "23505")
	assert.NoError(t, first.Rollback())
}

func TestTheOperatorsTimeoutIsADeadline(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal()+"&statement_timeout=50", postgres.Config{}).Writer()
	_, err := db.ExecContext(t.Context(), "SELECT pg_sleep(60)")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, problem.From(err).Kind, problem.Deadline)
}

func TestTheDriverIsWithinReach(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{}).Writer()
	conn, err := db.Conn(t.Context())
	assert.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "LISTEN orders")
	assert.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "NOTIFY orders, 'o_1'")
	assert.NoError(t, err)
	assert.NoError(t, conn.Raw(func(raw any) error {
		inner, err := postgres.PGX(raw)
		if err != nil {
			return err
		}
		notification, err := inner.WaitForNotification(t.Context())
		if err == nil {
			assert.Equal(t, notification.Payload, "o_1")
		}
		return err
	}))
	assert.NoError(t, conn.Close())
	_, err = postgres.PGX("a text")
	assert.Error(t, err)
}
