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

	"github.com/plimsoll-go/plimsoll/store/internal/pool"
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

	// Grace is how long the server may take to answer after it was to end a
	// statement, before its connection is given up. 0: 250 ms. It must be more
	// than a round trip, and than this process may have to wait for a processor
	// under load, or a server that is well loses its connections.
	Grace time.Duration

	// Replace is the least time between two attempts to connect while
	// connections break. 0: 1 s.
	Replace time.Duration

	// Name is what the pool is called in errors and on a request's bill. "":
	// "database".
	Name string

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
	if c.Grace <= 0 {
		c.Grace = 250 * time.Millisecond
	}
	if c.Replace <= 0 {
		c.Replace = time.Second
	}
	if c.Name == "" {
		c.Name = "database"
	}
	return c
}

// DB is an open database: a pool for requests and a connection for readiness,
// which therefore never waits behind them.
type DB struct {
	sql, probe *sql.DB
	pool       *pool.Pool
}

// Open connects to the database that url names, postgres://user:password@host/name.
// It takes libpq's parameters after the question mark, and PGPASSWORD and its
// kin from the environment. No error shows the password.
//
// Statements end with their context, and their connection is kept: the server
// has their time left as statement_timeout, and is told when a context ends
// before that. Only where it does not answer within the grace is the connection
// given up. What is sent as COMMIT is not cut short.
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
	d := &DB{}
	if _, d.probe, err = newPool(d, c, &connector{config: *config}, 1); err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	d.pool, d.sql, err = newPool(d, c, &connector{config: *config, cancel: &canceller{db: d.probe}}, c.MaxOpen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open postgres: %w", err), d.probe.Close())
	}
	if err := d.Ready(ctx); err != nil {
		_ = d.Close() // the error that matters is the one of connecting
		return nil, explain(err, config)
	}
	return d, nil
}

// newPool makes a pool of size.
func newPool(d *DB, c Config, from *connector, size int) (*pool.Pool, *sql.DB, error) {
	from.grace, from.sockets = c.Grace, make(chan struct{}, 2*size)
	return pool.New(pool.Config{
		Name: c.Name, Size: size, Dial: from.dial, DialTime: c.Connect, Replace: c.Replace,
		IdleTime: c.IdleTime, Lifetime: jitter(c.Lifetime, rand.Float64()), Owner: d, Explain: classify,
	})
}

// jitter moves d by up to 10 % either way; chance is in [0, 1).
func jitter(d time.Duration, chance float64) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*chance))
}

// Writer is the pool.
func (d *DB) Writer() *sql.DB { return d.sql }

// Reader is the same pool: what was just written is there to be read.
func (d *DB) Reader() *sql.DB { return d.sql }

// Pools is the pool, for package store.
func (d *DB) Pools() []*pool.Pool { return []*pool.Pool{d.pool} }

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
func (d *DB) Close() error { return errors.Join(d.sql.Close(), d.probe.Close()) }
