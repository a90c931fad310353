package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// connector bounds the sockets to the server, which the pool's limit does not.
//
// When a context ends during a query, pgx gives the connection up at once and
// clears up behind the pool's back, for up to 15 s if the server does not
// answer; the pool opens another meanwhile. With budgets of 500 ms and a
// server that hangs, a pool of 10 would hold 300 connections. Here it is twice
// the pool at most: once for those in use, once for those being cleared up.
type connector struct {
	driver.Connector
	sockets chan struct{} // a value per open socket
}

type countedKey struct{}

// Connect waits, while too many sockets are being cleared up, for as long as
// ctx lets it.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	return c.Connector.Connect(context.WithValue(ctx, countedKey{}, true))
}

// limit counts the sockets of connections. Those of cancel requests, whose
// context does not come from Connect, are short and must not wait.
func (c *connector) limit(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(countedKey{}) == nil {
			return dial(ctx, network, address)
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
