package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"go/build"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

func TestOpenSaysWhichURLsThereAre(t *testing.T) {
	_, err := store.Open(t.Context(), nil, config.URL{})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "there is no URL")
	_, err = store.Open(t.Context(), nil, parse(t, "mysql://root:hunter2@db/orders"))
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "no driver for mysql:; use sqlite:PATH or postgres://")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestOpenRefusesAPoolOfNone(t *testing.T) {
	_, err := store.Open(t.Context(), nil, parse(t, "sqlite::memory:"), store.MaxConns(0))
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "MaxConns(0)")
}

func TestOpenClosesWhatItOpenedWhenTheMigrationFails(t *testing.T) {
	_, err := store.Open(t.Context(), nil, parse(t, "sqlite::memory:"), store.Migrations(fstest.MapFS{}))
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "no .sql files for sqlite")
}

type loggingHost struct{ log bytes.Buffer }

func (*loggingHost) Add(life.Component)     {}
func (h *loggingHost) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(&h.log, nil)) }

func TestMigrationsAreLogged(t *testing.T) {
	url, host := storetest.SQLite(t).URL, &loggingHost{}
	open := func(files ...string) string {
		tree := fstest.MapFS{}
		for _, name := range files {
			tree[name] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;")}
		}
		host.log.Reset()
		db, err := store.Open(t.Context(), host, url, store.Migrations(tree))
		assert.NoError(t, err)
		assert.NoError(t, db.Close())
		return host.log.String()
	}
	assert.Equal(t, strings.Count(open("1_a.sql", "2_b.sql"), "msg=migrated component=database"), 2)
	assert.Equal(t, open("1_a.sql", "2_b.sql"), "")
	assert.Contains(t, open("1_a.sql"), "ahead of this binary")
}

// Waiters are served in the order they came.
func TestTransactionsTakeTurns(t *testing.T) {
	const waiters = 50
	db := storetest.Open(t, parse(t, "sqlite::memory:"))
	var (
		all   sync.WaitGroup
		order []int // only the transaction whose turn it is appends
	)
	held, letGo := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		if err := db.Tx(t.Context(), func(context.Context, *sql.Tx) error {
			close(held)
			<-letGo
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-held
	for i := range waiters {
		arrived := make(chan struct{})
		all.Go(func() {
			ctx := &announced{Context: t.Context(), arrived: arrived}
			if err := db.Tx(ctx, func(context.Context, *sql.Tx) error {
				order = append(order, i)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
		<-arrived
	}
	close(letGo)
	all.Wait()
	assert.Len(t, order, waiters)
	swapped := 0
	for i := range order {
		if i > 0 && order[i] < order[i-1] {
			swapped++
		}
	}
	// A waiter is announced just before it stands in the line: neighbours may
	// have swapped. In random order half of them have.
	assert.AtMost(t, swapped, waiters/10, "order %v", order)
}

// announced is a context that tells when somebody begins to wait for it.
type announced struct {
	context.Context
	once    sync.Once
	arrived chan struct{}
}

func (a *announced) Done() <-chan struct{} {
	a.once.Do(func() { close(a.arrived) })
	return a.Context.Done()
}

// A service that is built with a tag does not link the other driver.
func TestTagsLeaveADriverOut(t *testing.T) {
	const here = "github.com/plimsoll-go/plimsoll/store/"
	for tag, left := range map[string]string{"plimsoll_no_sqlite": here + "sqlite", "plimsoll_no_postgres": here + "postgres"} {
		without := build.Default
		without.BuildTags = append(slices.Clone(without.BuildTags), tag)
		pkg, err := without.ImportDir(".", 0)
		assert.NoError(t, err)
		assert.False(t, slices.Contains(pkg.Imports, left), tag)
		all, err := build.ImportDir(".", 0)
		assert.NoError(t, err)
		assert.True(t, slices.Contains(all.Imports, left), tag)
	}
}
