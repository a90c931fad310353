package pool

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
)

// Session is one use of a connection, from Connect to Close. database/sql calls
// its methods one at a time.
type Session struct {
	pool   *Pool
	entry  *entry
	permit admission.Permit
	ctx    context.Context //nolint:containedctx // of whoever asked for the connection: it tells how that ended
	failed bool
	open   bool // a transaction is
}

// Unwrap is the driver's connection.
func (s *Session) Unwrap() driver.Conn { return s.entry.conn }

// Close gives the connection back.
func (s *Session) Close() error {
	p, e := s.pool, s.entry
	if e == nil {
		return nil
	}
	s.entry = nil
	if !e.conn.IsValid() {
		err := e.conn.Close()
		p.lose(s.permit, true)
		return err
	}
	outcome := s.outcome()
	p.push(e, outcome == admission.Success)
	s.permit.Release(outcome)
	return nil
}

// outcome tells admission how the use ended.
func (s *Session) outcome() admission.Outcome {
	switch err := s.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return admission.Late
	case err != nil:
		return admission.Canceled
	case s.failed:
		return admission.Failed
	default:
		return admission.Success
	}
}

// explain is the error of a statement as it leaves the pool. The errors by which
// drivers talk to database/sql stay.
func (s *Session) explain(ctx context.Context, err error) error {
	if err == nil || err == driver.ErrSkip { //nolint:errorlint // as database/sql compares
		return err
	}
	s.failed = true
	if errors.Is(err, driver.ErrBadConn) && !s.open {
		return err // database/sql tries another connection, which it cannot in a transaction
	}
	return s.pool.cfg.Explain(ctx, err)
}

// charge begins to charge a request for a statement.
func (s *Session) charge(ctx context.Context) budget.Entry {
	return budget.Charge(ctx, budget.Database, s.pool.cfg.Name)
}

// ExecContext implements driver.ExecerContext.
func (s *Session) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	charge := s.charge(ctx)
	result, err := s.entry.conn.ExecContext(ctx, query, args)
	charge.End(err)
	return result, s.explain(ctx, err)
}

// QueryContext implements driver.QueryerContext.
func (s *Session) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	charge := s.charge(ctx)
	found, err := s.entry.conn.QueryContext(ctx, query, args)
	return s.rows(ctx, charge, found, err)
}

// PrepareContext implements driver.ConnPrepareContext.
func (s *Session) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	charge := s.charge(ctx)
	prepared, err := s.entry.conn.PrepareContext(ctx, query)
	charge.End(err)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return &stmt{Stmt: prepared, session: s}, nil
}

// Prepare implements driver.Conn.
func (s *Session) Prepare(query string) (driver.Stmt, error) {
	return s.PrepareContext(context.Background(), query)
}

// BeginTx implements driver.ConnBeginTx.
func (s *Session) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	charge := s.charge(ctx)
	begun, err := s.entry.conn.BeginTx(ctx, opts)
	charge.End(err)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	s.open = true
	return &tx{Tx: begun, session: s, ctx: ctx}, nil
}

// Begin implements driver.Conn.
func (s *Session) Begin() (driver.Tx, error) {
	return s.BeginTx(context.Background(), driver.TxOptions{})
}

// Ping implements driver.Pinger.
func (s *Session) Ping(ctx context.Context) error {
	return s.explain(ctx, s.entry.conn.Ping(ctx))
}

// IsValid implements driver.Validator. What follows from it is decided in Close.
func (s *Session) IsValid() bool { return true }

// ResetSession implements driver.SessionResetter, without which database/sql
// gives up the connection of every transaction whose context ends.
func (s *Session) ResetSession(context.Context) error { return nil }

// CheckNamedValue implements driver.NamedValueChecker, as the driver does.
func (s *Session) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.entry.conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip // database/sql's own conversion
}

// tx is a transaction of a session.
type tx struct {
	driver.Tx
	session *Session
	ctx     context.Context //nolint:containedctx // driver.Tx takes none
}

// Commit implements driver.Tx.
func (t *tx) Commit() error {
	charge := t.session.charge(t.ctx)
	err := t.Tx.Commit()
	charge.End(err)
	err = t.session.explain(t.ctx, err)
	t.session.open = false
	return err
}

// Rollback implements driver.Tx.
func (t *tx) Rollback() error {
	err := t.session.explain(t.ctx, t.Tx.Rollback())
	t.session.open = false
	return err
}

// stmt is a prepared statement of a session.
type stmt struct {
	driver.Stmt
	session *Session
}

var errNoContext = errors.New("the driver's prepared statements take no context")

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	execer, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errNoContext
	}
	charge := s.session.charge(ctx)
	result, err := execer.ExecContext(ctx, args)
	charge.End(err)
	return result, s.session.explain(ctx, err)
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	queryer, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errNoContext
	}
	charge := s.session.charge(ctx)
	found, err := queryer.QueryContext(ctx, args)
	return s.session.rows(ctx, charge, found, err)
}
