package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

const (
	// lockID names the advisory lock of migrations: "plimsoll" in ASCII.
	lockID = 0x706c696d736f6c6c

	lockPoll   = 200 * time.Millisecond
	lockWait   = 5 * time.Minute
	unlockWait = 5 * time.Second
)

// SessionLock makes conn's session the only one that migrates this database.
// (The name is that of goose's interface.) The server gives the lock back when
// the session ends, however it ends.
//
// It asks again and again instead of waiting in the server: a statement that
// waits there holds a snapshot, and the other's CREATE INDEX CONCURRENTLY
// would wait for it in turn, for ever.
//
// A pooler in transaction mode gives every statement another session: migrate
// through a direct connection.
func (d *DB) SessionLock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, errors.New("another session has been migrating for 5 minutes; see pg_locks, locktype advisory"))
	defer cancel()
	for {
		var locked bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(lockID)).Scan(&locked); err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return fmt.Errorf("lock migrations: %w: %w", ctx.Err(), context.Cause(ctx))
		}
	}
}

// SessionUnlock lets the next session migrate. A session that cannot say so is
// closed, which does the same.
func (d *DB) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, unlockWait)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(lockID)); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // closes it; the error is the one just given
	}
	return nil
}
