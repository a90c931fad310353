// Package store keeps a service's state in SQLite or PostgreSQL, chosen by a
// URL: bounded pools, migrations, transactions, readiness, an orderly end.
//
//	db, err := store.Open(ctx, svc, cfg.Database, store.Migrations(migrations))
//	…
//	err = db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
//		_, err := tx.ExecContext(ctx, db.Rebind("UPDATE orders SET status = ? WHERE id = ?"), "paid", id)
//		return err
//	})
//
// It is database/sql at every edge: [DB.Tx] to change something, [DB.Reader]
// to read, [DB.SQL] for a library that wants a *sql.DB. Time limits come from
// the context: the wait for a connection and the statement end when it does, on
// the server too, and the connection stays. A commit that has begun is finished.
//
// One permit of an admission controller is one connection. Who waits for one
// waits there, by class and by what is left of the budget, and nowhere else.
//
// Both drivers are linked, 4 MB each. A service that needs one is built with
// the tag plimsoll_no_sqlite or plimsoll_no_postgres.
package store
