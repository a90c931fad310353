package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/store"
)

var (
	errNotFound       = errors.New("no such order")
	errNotCancellable = errors.New("the order cannot be cancelled")
)

// orders keeps orders.
type orders struct{ db *store.DB }

const columns = "id, customer, items, currency, amount_cents, status, payment, created_ms"

func (s *orders) insert(ctx context.Context, o Order) error {
	items, err := json.Marshal(o.Items)
	if err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.db.Rebind("INSERT INTO orders ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
			o.ID, o.Customer, string(items), o.Currency, o.AmountCents, string(o.Status), o.Payment, o.CreatedAt.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	return nil
}

// settle writes down what became of the charge of a pending order.
func (s *orders) settle(ctx context.Context, o Order) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.db.Rebind("UPDATE orders SET status = ?, payment = ? WHERE id = ? AND status = ?"),
			string(o.Status), o.Payment, o.ID, string(Pending))
		return err
	})
	if err != nil {
		return fmt.Errorf("settle order: %w", err)
	}
	return nil
}

// read returns the order, or errNotFound.
func (s *orders) read(ctx context.Context, id string) (Order, error) {
	return scan(s.db.Reader().QueryRowContext(ctx, s.db.Rebind("SELECT "+columns+" FROM orders WHERE id = ?"), id))
}

// list returns at most limit orders, newest first, of one customer or all,
// older than the order before or from the newest.
func (s *orders) list(ctx context.Context, customer, before string, limit int) ([]Order, error) {
	query, args := "SELECT "+columns+" FROM orders WHERE 1 = 1", []any{}
	if customer != "" {
		query, args = query+" AND customer = ?", append(args, customer)
	}
	if before != "" {
		query, args = query+" AND id < ?", append(args, before)
	}
	rows, err := s.db.Reader().QueryContext(ctx, s.db.Rebind(query+" ORDER BY id DESC LIMIT ?"), append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below has the error
	found := []Order{}
	for rows.Next() {
		order, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, order)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return found, nil
}

// cancel cancels an order that is paid, and leaves one that is cancelled. It
// returns the order as it is then, with errNotCancellable if it is neither.
func (s *orders) cancel(ctx context.Context, id string) (Order, error) {
	var order Order
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.db.Rebind("UPDATE orders SET status = ? WHERE id = ? AND status = ?"),
			string(Cancelled), id, string(Paid))
		if err != nil {
			return err
		}
		order, err = scan(tx.QueryRowContext(ctx, s.db.Rebind("SELECT "+columns+" FROM orders WHERE id = ?"), id))
		if err == nil && order.Status != Cancelled {
			return errNotCancellable
		}
		return err
	})
	if err != nil {
		return order, fmt.Errorf("cancel order: %w", err)
	}
	return order, nil
}

func scan(row interface{ Scan(...any) error }) (Order, error) {
	var (
		order   Order
		items   string
		status  string
		created int64
	)
	err := row.Scan(&order.ID, &order.Customer, &items, &order.Currency, &order.AmountCents, &status, &order.Payment, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, errNotFound
	}
	if err != nil {
		return Order{}, fmt.Errorf("read order: %w", err)
	}
	if err := json.Unmarshal([]byte(items), &order.Items); err != nil {
		return Order{}, fmt.Errorf("read order %s: %w", order.ID, err)
	}
	order.Status, order.CreatedAt = Status(status), time.UnixMilli(created).UTC()
	return order, nil
}
