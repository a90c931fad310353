package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/sqlite"
)

func open(t *testing.T, url string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), url, sqlite.Config{})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	assert.NoError(t, err, statement)
}

func one[T any](t *testing.T, db *sql.DB, query string) (value T) {
	t.Helper()
	assert.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&value), query)
	return value
}

func TestEveryConnectionIsSetUp(t *testing.T) {
	db := open(t, "sqlite:"+t.TempDir()+"/a%20b%23%3F.db")
	assert.Equal(t, one[string](t, db.Writer(), "PRAGMA journal_mode"), "wal")
	assert.Equal(t, one[int](t, db.Writer(), "PRAGMA synchronous"), 1, "normal")
	assert.Equal(t, one[int](t, db.Writer(), "PRAGMA journal_size_limit"), 64<<20)
	for _, pool := range []*sql.DB{db.Writer(), db.Reader()} {
		assert.Equal(t, one[int](t, pool, "PRAGMA foreign_keys"), 1)
		assert.Equal(t, one[int](t, pool, "PRAGMA busy_timeout"), 5000)
	}
	full := open(t, "sqlite:"+t.TempDir()+"/full.db?synchronous=full")
	assert.Equal(t, one[int](t, full.Writer(), "PRAGMA synchronous"), 2)
}

func TestAReaderCannotWrite(t *testing.T) {
	db := open(t, "sqlite:"+t.TempDir()+"/orders.db")
	run(t, db.Writer(), "CREATE TABLE t (id INTEGER)")
	_, err := db.Reader().ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "readonly")
}

func TestAMisspeltColumnIsNotAText(t *testing.T) {
	db := open(t, "sqlite:"+t.TempDir()+"/orders.db")
	run(t, db.Writer(), "CREATE TABLE t (id INTEGER)")
	run(t, db.Writer(), "INSERT INTO t VALUES (1)")
	assert.Error(t, db.Reader().QueryRowContext(t.Context(), `SELECT "idd" FROM t`).Scan(new(string)))
}

func TestTimesAreWrittenInUTCAndSort(t *testing.T) {
	db := open(t, "sqlite:"+t.TempDir()+"/orders.db")
	run(t, db.Writer(), "CREATE TABLE t (at TIMESTAMP)")
	at := time.Date(2026, 3, 1, 1, 30, 0, 250e6, time.FixedZone("east", 2*3600))
	_, err := db.Writer().ExecContext(t.Context(), "INSERT INTO t VALUES (?)", at)
	assert.NoError(t, err)
	assert.Match(t, one[string](t, db.Reader(), "SELECT CAST(at AS TEXT) FROM t"), `^2026-02-28 23:30:00\.250*\+00:00$`)
	assert.Equal(t, one[time.Time](t, db.Reader(), "SELECT at FROM t"), at)
}

func TestAWriteOfAnotherProcessIsWaitedForNoLongerThanTheContext(t *testing.T) {
	url := "sqlite:" + t.TempDir() + "/orders.db"
	db, other := open(t, url), open(t, url)
	run(t, db.Writer(), "CREATE TABLE t (id INTEGER)")
	tx, err := other.Writer().BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = db.Writer().ExecContext(ctx, "INSERT INTO t VALUES (1)")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), time.Second)
	assert.NoError(t, tx.Rollback())
	run(t, db.Writer(), "INSERT INTO t VALUES (1)")
}

func TestManyMayCreateTheFileAtOnce(t *testing.T) {
	for range 10 {
		url := "sqlite:" + t.TempDir() + "/orders.db"
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				db, err := sqlite.Open(t.Context(), url, sqlite.Config{})
				if errs[i] = err; err == nil {
					errs[i] = db.Close()
				}
			})
		}
		all.Wait()
		assert.NoError(t, errors.Join(errs...))
	}
}

func TestMemoryIsSharedByThePoolsAndByNobodyElse(t *testing.T) {
	db, other := open(t, "sqlite::memory:"), open(t, "sqlite::memory:")
	run(t, db.Writer(), "CREATE TABLE t (id INTEGER)")
	run(t, db.Writer(), "INSERT INTO t VALUES (7)")
	assert.Equal(t, one[int](t, db.Reader(), "SELECT id FROM t"), 7)
	assert.NoError(t, db.Ready(t.Context()))
	assert.Equal(t, one[int](t, other.Reader(), "SELECT count(*) FROM sqlite_schema"), 0)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.Writer().ExecContext(ctx, "INSERT INTO t VALUES (8)")
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, one[int](t, db.Reader(), "SELECT id FROM t"), 7, "it outlives a cancelled statement")
}

func TestReadinessSeesThatTheFileWasReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	db := open(t, "sqlite:"+path)
	assert.NoError(t, db.Ready(t.Context()))
	assert.NoError(t, os.Rename(path, path+".old"))
	err := db.Ready(t.Context())
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "gone")
	restored := open(t, "sqlite:"+path)
	assert.NoError(t, restored.Ready(t.Context()))
	err = db.Ready(t.Context())
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "restart")
}

func TestAnErrorOfOpeningSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	assert.NoError(t, os.WriteFile(text, []byte("this is a text of some length, and no database at all"), 0o600))
	for url, want := range map[string]string{
		"sqlite:" + dir + "/no/orders.db":         "the folder " + dir + "/no does not exist",
		"sqlite:" + dir:                           "this is a folder",
		"sqlite:" + text:                          "the file is something else",
		"sqlite:" + text + "/orders.db":           text + " is not a folder",
		"sqlite:" + dir + "/missing.db?mode=rw":   "is the volume mounted?",
		"sqlite:" + dir + "/orders.db?vfs=nobody": "unknown option",
	} {
		_, err := sqlite.Open(t.Context(), url, sqlite.Config{})
		assert.Error(t, err, url)
		assert.Contains(t, err.Error(), want, url)
		assert.Contains(t, err.Error(), "open sqlite", url)
	}
}

func TestAFolderThatMayNotBeWrittenIsNamed(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	assert.NoError(t, os.Chmod(dir, 0o500))
	_, err := sqlite.Open(t.Context(), "sqlite:"+dir+"/orders.db", sqlite.Config{})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "may not")
}
