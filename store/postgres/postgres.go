package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Config limits a database. The zero value is the production default.
type Config struct {
	// MaxOpen is how many connections requests may use at the same time. 0:
	// ten. Count replicas × (MaxOpen + 1) against the server's
	// max_connections, which is 100 unless somebody raised it.
	MaxOpen int

	// IdleTime closes a connection that nobody used for so long. 0: 5 minutes.
	IdleTime time.Duration

	// Lifetime closes a connection of this age, so that a failover or a new
	// replica gets its share. 0: 30 minutes. Each process takes its own value
	// within 10 % of it, lest all of them connect at once.
	Lifetime time.Duration

	// Connect bounds making a connection, unless the URL has connect_timeout.
	// 0: 5 s.
	Connect time.Duration

	// Application is what pg_stat_activity shows, unless the URL has
	// application_name.
	Application string
}

func (c Config) withDefaults() Config {
	if c.MaxOpen <= 0 {
		c.MaxOpen = 10
	}
	if c.IdleTime <= 0 {
		c.IdleTime = 5 * time.Minute
	}
	if c.Lifetime <= 0 {
		c.Lifetime = 30 * time.Minute
	}
	if c.Connect <= 0 {
		c.Connect = 5 * time.Second
	}
	return c
}

// DB is an open database: a pool for requests and a connection for readiness,
// which therefore never waits behind them.
type DB struct {
	pool, probe *sql.DB
}

// Open connects to the database that url names, postgres://user:password@host/name.
// It takes libpq's parameters after the question mark, and PGPASSWORD and its
// kin from the environment. No error shows the password.
//
// When a context ends during a query, the call returns at once, the server is
// told to cancel, and that connection is closed.
func Open(ctx context.Context, url string, c Config) (*DB, error) {
	c = c.withDefaults()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", malformed(err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = c.Connect
	}
	if config.RuntimeParams["application_name"] == "" && c.Application != "" {
		config.RuntimeParams["application_name"] = c.Application
	}
	d := &DB{
		pool:  sql.OpenDB(newConnector(*config, c.MaxOpen)),
		probe: sql.OpenDB(newConnector(*config, 1)),
	}
	d.pool.SetMaxOpenConns(c.MaxOpen)
	d.pool.SetMaxIdleConns(c.MaxOpen) // fewer would close and open one under every small burst
	d.pool.SetConnMaxIdleTime(c.IdleTime)
	d.pool.SetConnMaxLifetime(jitter(c.Lifetime, rand.Float64()))
	d.probe.SetMaxOpenConns(1)
	if err := d.Ready(ctx); err != nil {
		_ = d.Close() // the error that matters is the one of connecting
		return nil, explain(err, config)
	}
	return d, nil
}

// jitter moves d by up to 10 % either way; chance is in [0, 1).
func jitter(d time.Duration, chance float64) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*chance))
}

// newConnector makes connections for a pool of size.
func newConnector(config pgx.ConnConfig, size int) *connector {
	c := &connector{sockets: make(chan struct{}, 2*size)}
	config.DialFunc = c.limit(config.DialFunc)
	c.Connector = stdlib.GetConnector(config)
	return c
}

// Writer is the pool.
func (d *DB) Writer() *sql.DB { return d.pool }

// Reader is the same pool: what was just written is there to be read.
func (d *DB) Reader() *sql.DB { return d.pool }

// Ready asks the server for a row, on a connection that requests do not use.
func (d *DB) Ready(ctx context.Context) error {
	var one int
	if err := d.probe.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("postgres: ask the server: %w", err)
	}
	return nil
}

// Unknown reports whether a failed commit may have taken effect all the same:
// it may, unless the server itself said that it failed. (pgconn.SafeToRetry is
// no guide: it says yes to "conn closed", which is also what is left of a
// connection that was lost after the commit was sent.)
func (d *DB) Unknown(err error) bool {
	var refused *pgconn.PgError
	return !errors.As(err, &refused) && !errors.Is(err, pgx.ErrTxCommitRollback)
}

// Close closes the idle connections, and the others when they are returned.
// Closing again does nothing.
func (d *DB) Close() error { return errors.Join(d.pool.Close(), d.probe.Close()) }
