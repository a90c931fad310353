package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

var (
	errNotFound       = errors.New("no such order")
	errNotCancellable = errors.New("order cannot be cancelled")
)

const schema = `
CREATE TABLE IF NOT EXISTS orders (
	id           TEXT PRIMARY KEY,
	customer     TEXT NOT NULL,
	items        TEXT NOT NULL,
	currency     TEXT NOT NULL,
	amount_cents INTEGER NOT NULL,
	status       TEXT NOT NULL,
	payment      TEXT NOT NULL,
	created_at   INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer, id);`

const columns = "id, customer, items, currency, amount_cents, status, payment, created_at"

// store keeps orders in SQLite.
type store struct{ db *sql.DB }

func openStore(ctx context.Context, path string) (*store, error) {
	// WAL lets readers read while one writes; a writer waits for another up to 5 s.
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("create schema: %w", err)
	}
	return &store{db: db}, nil
}

func (s *store) close() { _ = s.db.Close() }

func (s *store) ping(ctx context.Context) error { return s.db.PingContext(ctx) }

func (s *store) insert(ctx context.Context, o order) error {
	items, err := json.Marshal(o.Items)
	if err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	_, err = s.db.ExecContext(ctx, "INSERT INTO orders ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		o.ID, o.Customer, string(items), o.Currency, o.AmountCents, o.Status, o.Payment, o.CreatedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	return nil
}

func (s *store) setStatus(ctx context.Context, id, status, payment string) error {
	_, err := s.db.ExecContext(ctx, "UPDATE orders SET status = ?, payment = ? WHERE id = ?", status, payment, id)
	if err != nil {
		return fmt.Errorf("update order: %w", err)
	}
	return nil
}

func (s *store) get(ctx context.Context, id string) (order, error) {
	return scan(s.db.QueryRowContext(ctx, "SELECT "+columns+" FROM orders WHERE id = ?", id))
}

// list returns the newest orders first, those older than the order before, if
// one is given.
func (s *store) list(ctx context.Context, customer, before string, limit int) ([]order, error) {
	query, args := "SELECT "+columns+" FROM orders WHERE 1 = 1", []any{}
	if customer != "" {
		query, args = query+" AND customer = ?", append(args, customer)
	}
	if before != "" {
		query, args = query+" AND id < ?", append(args, before)
	}
	rows, err := s.db.QueryContext(ctx, query+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	orders := []order{}
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return orders, nil
}

// cancel cancels a paid order. One that is cancelled stays so. The order is
// returned as it is afterwards.
func (s *store) cancel(ctx context.Context, id string) (order, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return order{}, fmt.Errorf("cancel order: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	o, err := scan(tx.QueryRowContext(ctx, "SELECT "+columns+" FROM orders WHERE id = ?", id))
	if err != nil {
		return order{}, err
	}
	switch o.Status {
	case statusCancelled:
		return o, nil
	case statusPaid:
	default:
		return o, errNotCancellable
	}
	o.Status = statusCancelled
	if _, err := tx.ExecContext(ctx, "UPDATE orders SET status = ? WHERE id = ?", o.Status, id); err != nil {
		return order{}, fmt.Errorf("cancel order: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return order{}, fmt.Errorf("cancel order: %w", err)
	}
	return o, nil
}

func scan(row interface{ Scan(...any) error }) (order, error) {
	var o order
	var items string
	var created int64
	err := row.Scan(&o.ID, &o.Customer, &items, &o.Currency, &o.AmountCents, &o.Status, &o.Payment, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return order{}, errNotFound
	}
	if err != nil {
		return order{}, fmt.Errorf("read order: %w", err)
	}
	if err := json.Unmarshal([]byte(items), &o.Items); err != nil {
		return order{}, fmt.Errorf("read order: %w", err)
	}
	o.CreatedAt = time.UnixMilli(created).UTC()
	return o, nil
}
