package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// conn is a connection whose statements end with their context, on the server
// too.
type conn struct {
	*stdlib.Conn
	ahead     *ahead
	interrupt *interrupt
	own       time.Duration // the server's own statement_timeout; 0: none
	pooled    bool          // a pooler is between, and sessions are shared: nothing is set

	limit    time.Duration // statement_timeout as it is set; 0: own
	open     bool          // a transaction is
	prepared map[string]driver.Stmt
}

// rollbackTime is how long a rollback may take. It is a matter of microseconds
// for a server that answers.
const rollbackTime = time.Second

// start comes before every statement: one whose time is over does not touch the
// connection, and for others the server is told how long they may take. In a
// transaction the limit stays that of its beginning.
func (c *conn) start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limit := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left <= 0 {
			return context.DeadlineExceeded
		}
		limit = step(left)
	}
	if c.own > 0 && (limit == 0 || limit > c.own) {
		limit = 0
	}
	inner := c.Conn.Conn().PgConn()
	if inner.IsClosed() || inner.IsBusy() {
		return nil // the driver says what is wrong
	}
	if c.ahead.refused {
		c.limit = -1 // not known
	}
	if limit != c.limit && !c.open && !c.pooled && inner.TxStatus() == 'I' {
		c.ahead.send(setTimeout(limit))
		c.limit = limit
	}
	c.expect(time.Now())
	return nil
}

// expect notes when the server ends what is sent now.
func (c *conn) expect(now time.Time) {
	switch {
	case c.limit > 0:
		c.interrupt.until = now.Add(c.limit)
	case c.own > 0:
		c.interrupt.until = now.Add(c.own)
	default:
		c.interrupt.until = time.Time{}
	}
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	with, err := txOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	begun, err := c.Conn.Conn().BeginTx(ctx, with)
	if err != nil {
		return nil, err
	}
	c.open = true
	return &tx{Tx: begun, conn: c, ctx: ctx}, nil
}

// txOptions are database/sql's options for a transaction as the driver has them.
func txOptions(opts driver.TxOptions) (with pgx.TxOptions, err error) {
	levels := map[sql.IsolationLevel]pgx.TxIsoLevel{
		sql.LevelDefault:         "",
		sql.LevelReadUncommitted: pgx.ReadUncommitted,
		sql.LevelReadCommitted:   pgx.ReadCommitted,
		sql.LevelRepeatableRead:  pgx.RepeatableRead,
		sql.LevelSnapshot:        pgx.RepeatableRead,
		sql.LevelSerializable:    pgx.Serializable,
	}
	level, ok := levels[sql.IsolationLevel(opts.Isolation)]
	if !ok {
		return with, fmt.Errorf("postgres has no isolation level %s", sql.IsolationLevel(opts.Isolation))
	}
	with.IsoLevel = level
	if opts.ReadOnly {
		with.AccessMode = pgx.ReadOnly
	}
	return with, nil
}

// tx is a transaction.
type tx struct {
	pgx.Tx
	conn *conn
	ctx  context.Context //nolint:containedctx // driver.Tx takes none
}

// Commit implements driver.Tx. Once it is sent it is not cut short by the end of
// the context, after which nobody would know what became of it; the server's
// limit holds.
func (t *tx) Commit() error {
	ctx := context.WithoutCancel(t.ctx)
	now := time.Now()
	if t.conn.expect(now); !t.conn.interrupt.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, t.conn.interrupt.until)
		defer cancel()
	}
	t.conn.open = false
	return t.Tx.Commit(ctx)
}

// Rollback implements driver.Tx.
func (t *tx) Rollback() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), rollbackTime)
	defer cancel()
	t.conn.open = false
	t.conn.interrupt.until = time.Now().Add(rollbackTime)
	return t.Tx.Rollback(ctx)
}

// maxPrepared is how many statements stay prepared on a connection, which
// database/sql would prepare and close for each use.
const maxPrepared = 256

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if known := c.prepared[query]; known != nil {
		return &stmt{conn: c, query: query, Stmt: known}, nil
	}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	prepared, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(c.prepared) < maxPrepared {
		c.prepared[query] = prepared
	}
	return &stmt{conn: c, query: query, Stmt: prepared}, nil
}

// stmt is a prepared statement.
type stmt struct {
	driver.Stmt
	conn  *conn
	query string
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.conn.ExecContext(ctx, s.query, args)
	s.check(err)
	return result, err
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.conn.QueryContext(ctx, s.query, args)
	s.check(err)
	return rows, err
}

// check forgets a statement that the schema has outgrown.
func (s *stmt) check(err error) {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == cachedPlan || refused.Code == noStatement) {
		delete(s.conn.prepared, s.query)
	}
}

const (
	cachedPlan  = "0A000" // "cached plan must not change result type"
	noStatement = "26000"
)

// Close implements driver.Stmt.
func (s *stmt) Close() error {
	if s.conn.prepared[s.query] == s.Stmt {
		return nil
	}
	return s.Stmt.Close()
}

// IsValid implements driver.Validator.
func (c *conn) IsValid() bool {
	inner := c.Conn.Conn()
	return !inner.IsClosed() && inner.PgConn().TxStatus() == 'I' && !c.interrupt.unclean()
}

// PGX is the driver's connection behind what (*sql.Conn).Raw gives, for what
// database/sql does not offer, such as LISTEN and COPY. Nothing limits what is
// done with it but its own contexts.
func PGX(raw any) (*pgx.Conn, error) {
	session, ok := raw.(interface{ Unwrap() driver.Conn })
	if !ok {
		return nil, fmt.Errorf("postgres: %T is not a connection of this package", raw)
	}
	c, ok := session.Unwrap().(*conn)
	if !ok {
		return nil, fmt.Errorf("postgres: %T is not a connection of this package", session.Unwrap())
	}
	return c.Conn.Conn(), nil
}
