package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing/fstest"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/store"
)

// How does a service change something, and read it back?
func Example() {
	migrations := fstest.MapFS{ // a service embeds a folder
		"00001_orders.sql": {Data: []byte("-- +goose Up\nCREATE TABLE orders (id TEXT PRIMARY KEY, status TEXT NOT NULL);")},
	}
	url, err := config.ParseURL("sqlite::memory:")
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	db, err := store.Open(ctx, nil, url, store.Migrations(migrations)) // nil: outside a service
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()

	err = db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, db.Rebind("INSERT INTO orders (id, status) VALUES (?, ?)"), "o_1", "paid")
		return err
	})
	if err != nil {
		panic(err)
	}
	var status string
	if err := db.Reader().QueryRowContext(ctx, db.Rebind("SELECT status FROM orders WHERE id = ?"), "o_1").Scan(&status); err != nil {
		panic(err)
	}
	fmt.Println(db.Dialect(), status)
	// Output: sqlite paid
}
