package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/plimsoll-go/plimsoll/store/internal/pool"
)

// connector makes connections, and bounds the sockets to the server, which the
// pool's limit does not: the driver clears up a connection that was given up
// behind the pool's back, for up to 15 s if the server does not answer. There are
// twice as many as the pool may have at most: once for those in use, once for
// those being cleared up.
type connector struct {
	config  pgx.ConnConfig
	grace   time.Duration
	cancel  *canceller    // nil: for readiness, whose connection it is
	sockets chan struct{} // a value per open socket
}

type countedKey struct{}

// dial makes a connection. While too many sockets are being cleared up it waits,
// for as long as ctx lets it.
func (c *connector) dial(ctx context.Context) (pool.Conn, error) {
	made := &conn{interrupt: &interrupt{cancel: c.cancel, grace: c.grace}, prepared: map[string]driver.Stmt{}}
	config := c.config
	config.DialFunc = c.limit(c.config.DialFunc)
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		made.ahead = &ahead{from: r, to: w}
		return pgproto3.NewFrontend(made.ahead, made.ahead)
	}
	config.BuildContextWatcherHandler = func(inner *pgconn.PgConn) ctxwatch.Handler {
		made.interrupt.socket = inner.Conn()
		return made.interrupt
	}
	raw, err := stdlib.GetConnector(config).Connect(context.WithValue(ctx, countedKey{}, true))
	if err != nil {
		return nil, err
	}
	inner, ok := raw.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("connect: the driver gave a %T", raw), raw.Close())
	}
	made.Conn = inner
	if err := made.introduce(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return made, nil
}

// introduce asks the server who the connection is to it, and what its own limit
// for statements is.
func (c *conn) introduce(ctx context.Context) error {
	inner := c.Conn.Conn()
	var own float64
	err := inner.QueryRow(ctx,
		"SELECT pid, backend_start, extract(epoch FROM current_setting('statement_timeout')::interval)::float8 FROM pg_stat_get_activity(pg_backend_pid())",
		pgx.QueryExecModeSimpleProtocol).Scan(&c.interrupt.session.pid, &c.interrupt.session.began, &own)
	if err != nil {
		return fmt.Errorf("connect: ask who this is: %w", err)
	}
	c.own = time.Duration(own * float64(time.Second))
	if c.interrupt.session.pid != int64(inner.PgConn().PID()) {
		// The one who answers is not the one who greeted: a pooler gives
		// the server's sessions to others too, and the next statement to
		// another session.
		c.pooled, c.interrupt.cancel = true, nil
	}
	return nil
}

var errNoCancel = errors.New("cancel requests are made on the connection of readiness")

// limit counts the sockets of connections. The driver opens one more to cancel
// what a connection did that is given up; the server has been asked already, and
// if it did not answer it would not answer this one.
func (c *connector) limit(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(countedKey{}) == nil {
			return nil, errNoCancel
		}
		select {
		case c.sockets <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("all %d sockets are in use or waiting for the server to let go: %w", cap(c.sockets), ctx.Err())
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			<-c.sockets
			return nil, err
		}
		return &socket{Conn: conn, release: sync.OnceFunc(func() { <-c.sockets })}, nil
	}
}

type socket struct {
	net.Conn
	release func()
}

// Close gives the place back once.
func (s *socket) Close() error {
	defer s.release()
	return s.Conn.Close()
}
