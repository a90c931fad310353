package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// lockWait bounds the wait for another process that migrates, in ms. The
// caller's context may end it earlier.
const lockWait = "300000"

// SessionLock makes this process the only one that migrates. (The name is that
// of goose's interface.)
//
// The lock is an SQLite lock on an empty file beside the database, named like
// it with "-migrate" after it: the kernel gives it back when its holder dies,
// and a process of the previous version may go on serving meanwhile. The file
// stays: removing it would let two holders lock two files of one name.
func (d *DB) SessionLock(ctx context.Context, _ *sql.Conn) error {
	if d.path == "" {
		return nil // no other process sees a database in memory
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(d.path) + "-migrate"}
	file.RawQuery = url.Values{"_busy_timeout": {lockWait}, "_error_rc": {"1"}}.Encode()
	connector, err := driver.NewConnector(file.String())
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	lock := sql.OpenDB(connector)
	conn, err := lock.Conn(ctx) // held, since the lock lives as long as the connection
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	d.unlock = func() error {
		d.unlock = nil
		if conn != nil {
			_ = conn.Close() // gives it back to the pool, which closes it
		}
		return lock.Close()
	}
	if err == nil {
		return nil
	}
	_ = d.unlock() // nothing was locked
	if isCode(err, lib.SQLITE_BUSY) {
		return fmt.Errorf("lock migrations: another process has been migrating for 5 minutes: %w", err)
	}
	return fmt.Errorf("lock migrations: %w", err)
}

// SessionUnlock lets the next process migrate.
func (d *DB) SessionUnlock(context.Context, *sql.Conn) error {
	if d.unlock == nil {
		return nil
	}
	if err := d.unlock(); err != nil {
		return fmt.Errorf("unlock migrations: %w", err)
	}
	return nil
}
