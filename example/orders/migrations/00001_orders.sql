-- +goose Up
CREATE TABLE orders (
	id           TEXT PRIMARY KEY,
	customer     TEXT NOT NULL,
	items        TEXT NOT NULL,
	currency     TEXT NOT NULL,
	amount_cents BIGINT NOT NULL,
	status       TEXT NOT NULL,
	payment      TEXT NOT NULL DEFAULT '',
	created_ms   BIGINT NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer, id);
