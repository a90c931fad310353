package pool

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// server is a database without a network. A statement takes the time that its
// text says, or as long as its context lets it.
type server struct {
	dials  atomic.Int32
	open   atomic.Int32
	most   atomic.Int32 // of open
	refuse atomic.Bool  // dials
	hang   atomic.Bool  // statements end with their context, and break the connection
}

var (
	errRefused = errors.New("connection refused")
	errBroken  = errors.New("connection lost")
)

func (s *server) dial(context.Context) (Conn, error) {
	s.dials.Add(1)
	if s.refuse.Load() {
		return nil, errRefused
	}
	s.most.Store(max(s.most.Load(), s.open.Add(1)))
	return &fake{server: s}, nil
}

// pool is one of this server's.
func (s *server) pool(t *testing.T, c Config) (*Pool, *sql.DB) {
	t.Helper()
	c.Name, c.Dial, c.DialTime, c.Owner = "test", s.dial, 5*time.Second, s
	if c.Replace == 0 {
		c.Replace = time.Second
	}
	p, db, err := New(c)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return p, db
}

type fake struct {
	server *server
	broken bool
	closed bool
}

func (f *fake) ExecContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if f.server.hang.Load() {
		<-ctx.Done()
		f.broken = true
		return nil, ctx.Err()
	}
	if query == "break" {
		f.broken = true
		return nil, errBroken
	}
	if d, err := time.ParseDuration(query); err == nil {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return driver.RowsAffected(1), nil
}

func (f *fake) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &three{}, nil
}

func (f *fake) PrepareContext(context.Context, string) (driver.Stmt, error) { return nil, errBroken }
func (f *fake) Prepare(string) (driver.Stmt, error)                         { return nil, errBroken }
func (f *fake) Begin() (driver.Tx, error)                                   { return fakeTx{}, nil }
func (f *fake) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return fakeTx{}, nil
}

func (f *fake) Close() error {
	if !f.closed {
		f.closed = true
		f.server.open.Add(-1)
	}
	return nil
}

func (f *fake) Ping(context.Context) error {
	if f.broken {
		return driver.ErrBadConn
	}
	return nil
}
func (f *fake) ResetSession(ctx context.Context) error { return f.Ping(ctx) }
func (f *fake) IsValid() bool                          { return !f.broken }

type fakeTx struct{}

func (fakeTx) Commit() error   { return nil }
func (fakeTx) Rollback() error { return nil }

// three are three rows of one column.
type three struct{ n int64 }

func (*three) Columns() []string { return []string{"n"} }
func (*three) Close() error      { return nil }
func (r *three) Next(dest []driver.Value) error {
	if r.n++; r.n > 3 {
		return io.EOF
	}
	dest[0] = r.n
	return nil
}
