package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store"
)

func (s suite) readyFollows(t *testing.T) {
	database := s.fresh(t)
	db := Open(t, database.URL, store.Migrations(schema))
	assert.NoError(t, db.Ready(t.Context()))
	database.Down()
	assert.Eventually(t, 5*time.Second, func() bool { return db.Ready(t.Context()) != nil }, "readiness of a database that is away")
	database.Up()
	assert.Eventually(t, 5*time.Second, func() bool { return db.Ready(t.Context()) == nil }, "readiness of a database that is back")
	assert.Eventually(t, 5*time.Second, func() bool { return db.Tx(t.Context(), increment) == nil }, "the pool of a database that is back")
}

func (s suite) closes(t *testing.T) {
	db := s.open(t)
	assert.NoError(t, db.Close())
	assert.NoError(t, db.Close())
	assert.Error(t, db.Ready(t.Context()))
	assert.Error(t, db.Tx(t.Context(), increment))
}

// hosted opens a database in the life of a service.
func (s suite) hosted(t *testing.T) (*store.DB, life.Component) {
	t.Helper()
	h := &host{}
	db, err := store.Open(t.Context(), h, s.fresh(t).URL, store.Migrations(schema), store.Name("orders"))
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	assert.Len(t, h.components, 1)
	component := h.components[0]
	assert.Equal(t, component.Name, "orders")
	assert.Equal(t, component.Phase, life.Stores)
	assert.False(t, component.Optional)
	assert.NoError(t, component.Ready(t.Context()))
	return db, component
}

func (s suite) drainWaits(t *testing.T) {
	db, component := s.hosted(t)
	release := holdTx(t, db)
	stopped := make(chan error, 1)
	go func() { stopped <- component.Stop(t.Context()) }()
	assert.Eventually(t, 5*time.Second, func() bool { return db.Ready(t.Context()) != nil }, "the drain begins")
	select {
	case err := <-stopped:
		t.Fatalf("the drain did not wait: %v", err)
	default:
	}
	assert.NoError(t, release(), "what is under way is finished")
	assert.NoError(t, <-stopped)
	assert.NoError(t, component.Stop(t.Context()), "a second stop")
}

func (s suite) drainBounded(t *testing.T) {
	db, component := s.hosted(t)
	release := holdTx(t, db)
	err := component.Stop(soon(t))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Contains(t, err.Error(), "1 connection")
	assert.NoError(t, release())
}
