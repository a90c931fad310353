package storetest

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/store"
)

func (s suite) txCommits(t *testing.T) {
	db := s.open(t)
	assert.NoError(t, db.Tx(t.Context(), increment))
	assert.Equal(t, count(t, db), 1)
}

func (s suite) txRollsBack(t *testing.T) {
	db := s.open(t)
	declined := errors.New("declined")
	err := db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		assert.NoError(t, increment(ctx, tx))
		return declined
	})
	assert.Equal(t, err, declined, "the error comes as it is")
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment), "the connection is clean")
}

func (s suite) txPanics(t *testing.T) {
	db := s.open(t)
	value := assert.Panics(t, func() {
		_ = db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			assert.NoError(t, increment(ctx, tx))
			panic("a defect")
		})
	})
	assert.Equal(t, value, any("a defect"))
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment), "the connection and the turn were given back")
}

func (s suite) txGoexit(t *testing.T) {
	db := s.open(t)
	var gone sync.WaitGroup
	gone.Go(func() {
		_ = db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if err := increment(ctx, tx); err != nil {
				return err
			}
			runtime.Goexit() // as a failed assertion in a test does
			return nil
		})
	})
	gone.Wait()
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment))
}

func (s suite) txCancelled(t *testing.T) {
	db := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := increment(ctx, tx)
		cancel() // the caller left after the last statement
		return err
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, errors.Is(err, store.ErrUnknown), "nothing was sent: %v", err)
	assert.Equal(t, count(t, db), 0)
	assert.NoError(t, db.Tx(t.Context(), increment))
}

func (s suite) txNested(t *testing.T) {
	db, other := s.open(t), s.open(t)
	err := db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		assert.NoError(t, other.Tx(ctx, increment), "another database is no nesting")
		return db.Tx(ctx, increment)
	})
	assert.ErrorIs(t, err, store.ErrNested)
	assert.Equal(t, count(t, db), 0)
	assert.Equal(t, count(t, other), 1)
}

func (s suite) txAlone(t *testing.T) {
	db := s.open(t, store.MaxConns(1)) // of PostgreSQL; SQLite has one writer anyway
	err := db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := db.SQL().ExecContext(ctx, "UPDATE counter SET n = 7")
		return err
	})
	assert.Equal(t, problem.From(err).Kind, problem.Unavailable, "%v", err)
	assert.NoError(t, db.Tx(t.Context(), increment))
	assert.Equal(t, count(t, db), 1)
}

func (s suite) txIsolated(t *testing.T) {
	db := s.open(t)
	release := holdTx(t, db)
	assert.Equal(t, count(t, db), 0, "a reader does not wait for the writer, nor see what it has not committed")
	assert.NoError(t, release())
	assert.Equal(t, count(t, db), 1, "a reader sees what was committed before it asked")
}

func (s suite) writers(t *testing.T) {
	const writers, each = 16, 25
	db := s.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	errs := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for range each {
				errs[i] = errors.Join(errs[i], db.Tx(ctx, increment))
			}
		})
	}
	all.Wait()
	assert.NoError(t, errors.Join(errs...))
	assert.Equal(t, count(t, db), writers*each)
}
