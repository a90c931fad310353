package storetest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store"
)

func (s suite) cancelQuery(t *testing.T) {
	db := s.open(t, store.MaxConns(2))
	for range 4 { // more than the pool: what a query leaves behind must not use it up
		ctx, start := soon(t), time.Now()
		var n int
		err := db.Reader().QueryRowContext(ctx, endless).Scan(&n)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.AtMost(t, time.Since(start), prompt)
	}
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment))
}

func (s suite) cancelTx(t *testing.T) {
	db := s.open(t)
	start := time.Now()
	err := db.Tx(soon(t), func(ctx context.Context, tx *sql.Tx) error {
		if err := increment(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, endless)
		return err
	})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), prompt)
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment))
	assert.Equal(t, count(t, db), 1)
}

func (s suite) turnBounded(t *testing.T) {
	db := s.open(t, store.MaxConns(1)) // of PostgreSQL; SQLite has one writer anyway
	release := holdTx(t, db)
	start := time.Now()
	err := db.Tx(soon(t), increment)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), prompt)
	assert.NoError(t, release())
	assert.NoError(t, db.Tx(t.Context(), increment))
	assert.Equal(t, count(t, db), 2)
}

func (s suite) poolBounded(t *testing.T) {
	const size = 2
	db := s.open(t, store.MaxConns(size))
	held := make([]*sql.Conn, size)
	for i := range held {
		var err error
		held[i], err = db.Reader().Conn(t.Context())
		assert.NoError(t, err)
	}
	start := time.Now()
	err := db.Reader().QueryRowContext(soon(t), "SELECT n FROM counter").Scan(new(int))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), prompt)
	assert.Equal(t, db.Reader().Stats().OpenConnections, size)
	for _, conn := range held {
		assert.NoError(t, conn.Close())
	}
	assert.Equal(t, count(t, db), 0)
}

func (s suite) readyWhenBusy(t *testing.T) {
	db := s.open(t, store.MaxConns(1))
	conn, err := db.Reader().Conn(t.Context())
	assert.NoError(t, err)
	assert.NoError(t, db.Ready(t.Context()), "every connection is in use, and the database is well")
	assert.NoError(t, conn.Close())
	release := holdTx(t, db)
	assert.NoError(t, db.Ready(t.Context()), "a transaction is open, and the database is well")
	assert.NoError(t, release())
}
