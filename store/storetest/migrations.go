package storetest

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store"
)

func (s suite) migrateOnce(t *testing.T) {
	url := s.fresh(t).URL
	first := Open(t, url, store.Migrations(schema))
	assert.NoError(t, first.Tx(t.Context(), increment))
	second := Open(t, url, store.Migrations(schema)) // of the same files: a restart
	assert.Equal(t, count(t, second), 1)
}

func (s suite) migrateMore(t *testing.T) {
	url := s.fresh(t).URL
	old := Open(t, url, store.Migrations(schema))
	assert.NoError(t, old.Tx(t.Context(), increment))
	db := Open(t, url, store.Migrations(fstest.MapFS{
		"migrations/00001_schema.sql": schema["00001_schema.sql"],
		"migrations/00002_more.sql":   file("ALTER TABLE counter ADD COLUMN note TEXT NOT NULL DEFAULT 'none';"),
	}))
	var note string
	assert.NoError(t, db.Reader().QueryRowContext(t.Context(), "SELECT note FROM counter").Scan(&note))
	assert.Equal(t, note, "none")
	assert.Equal(t, count(t, old), 1, "the version that still runs goes on")
}

func (s suite) migrateFails(t *testing.T) {
	url := s.fresh(t).URL
	broken := fstest.MapFS{
		"00001_schema.sql": schema["00001_schema.sql"],
		"00002_broken.sql": file("UPDATE counter SET n = 7;\nCREATE TABLE counter (id INTEGER);"),
	}
	_, err := store.Open(t.Context(), nil, url, store.Migrations(broken))
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "00002_broken.sql")
	db := Open(t, url)
	assert.Equal(t, count(t, db), 0, "the first file was applied, the second undone")
}

func (s suite) migrateTogether(t *testing.T) {
	const runners = 6
	url := s.fresh(t).URL
	slow := fstest.MapFS{
		"00001_schema.sql": schema["00001_schema.sql"],
		// Twice applied, it would show; and it takes a moment, so that the others come.
		"00002_add.sql": file("UPDATE counter SET n = n + (" +
			"WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 100000) SELECT max(x) / 100000 FROM r);"),
		"00003_add.sql": file("UPDATE counter SET n = n + 1;"),
	}
	dbs, errs := make([]*store.DB, runners), make([]error, runners)
	var together sync.WaitGroup
	for i := range runners {
		together.Go(func() { dbs[i], errs[i] = store.Open(t.Context(), nil, url, store.Migrations(slow)) })
	}
	together.Wait()
	for i := range runners {
		assert.NoError(t, errs[i])
		assert.Equal(t, count(t, dbs[i]), 2)
		assert.NoError(t, dbs[i].Close())
	}
}

func (s suite) migrateBounded(t *testing.T) {
	url := s.fresh(t).URL
	Open(t, url, store.Migrations(schema))
	next := fstest.MapFS{"00001_schema.sql": schema["00001_schema.sql"], "00002_add.sql": file("UPDATE counter SET n = n + 1;")}
	// The first runner stops where the migrator reads the files: it holds the lock by then.
	reading, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		db, err := store.Open(t.Context(), nil, url, store.Migrations(&slowFS{FS: next, reading: reading, goOn: goOn}))
		if err == nil {
			err = db.Close()
		}
		ended <- err
	}()
	<-reading
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := store.Open(ctx, nil, url, store.Migrations(next))
	close(goOn)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), prompt)
	assert.NoError(t, <-ended)
	assert.Equal(t, count(t, Open(t, url, store.Migrations(next))), 1)
}

// slowFS stops at the first read of a file that is to be applied.
type slowFS struct {
	fs.FS
	once          sync.Once
	reading, goOn chan struct{}
}

func (f *slowFS) Open(name string) (fs.File, error) {
	if name == "00002_add.sql" {
		f.once.Do(func() {
			close(f.reading)
			<-f.goOn
		})
	}
	return f.FS.Open(name)
}

func (s suite) migrateAhead(t *testing.T) {
	url := s.fresh(t).URL
	Open(t, url, store.Migrations(fstest.MapFS{
		"00001_schema.sql": schema["00001_schema.sql"],
		"00002_later.sql":  file("CREATE TABLE later (id INTEGER);"),
	}))
	db := Open(t, url, store.Migrations(schema))
	assert.NoError(t, db.Tx(t.Context(), increment))
}

func (s suite) foreignKeys(t *testing.T) {
	db := s.open(t)
	err := db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, db.Rebind("INSERT INTO child (counter_id) VALUES (?)"), 99)
		return err
	})
	assert.Error(t, err, "a child without a parent")
	assert.False(t, errors.Is(err, store.ErrUnknown))
}
