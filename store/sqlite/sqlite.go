package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/store/internal/pool"
)

const (
	minReaders  = 4               // reads overlap with disk waits, so more than one even on one core
	openWait    = 5 * time.Second // for another process that is creating the same file
	openRetry   = 5 * time.Millisecond
	readersIdle = 5 * time.Minute // each keeps a page cache of 2 MiB
)

// Config limits a database. The zero value is the production default.
type Config struct {
	// Readers is how many connections may read at the same time. 0: four, or
	// GOMAXPROCS where that is more.
	Readers int

	// Name is what the pools are called in errors and on a request's bill. "":
	// "database".
	Name string
}

// DB is an open database: a writer, readers, and a connection of its own for
// readiness, which therefore never waits behind requests.
type DB struct {
	writer, reader, probe *sql.DB
	pools                 []*pool.Pool // of the writer and of the readers
	anchor                *sql.Conn    // keeps a database in memory alive; nil for a file

	path string
	file os.FileInfo // what path was when it was opened; nil in memory

	unlock func() error // set while this process migrates
}

// Open opens or creates the database that url names: sqlite:orders.db,
// sqlite:/var/lib/orders.db, or sqlite::memory: for one that lives as long as
// the DB. Options follow a question mark: mode=rw refuses to create the file,
// synchronous=full syncs at every commit.
//
// The default, synchronous=normal, syncs when the write-ahead log is copied
// into the file, about every 4 MB: a commit survives kill -9 of the process,
// since the log is in the kernel by then, and the file is never corrupted; a
// power cut or a kernel crash may lose the last commits. Choose full where
// that matters more than the rate of writes: a sync costs 0.1 to 10 ms.
//
// In memory there is no write-ahead log: a write waits for open rows, so close
// them first.
func Open(ctx context.Context, url string, c Config) (*DB, error) {
	loc, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	d := &DB{path: loc.path}
	readers := c.Readers
	if readers <= 0 {
		readers = max(minReaders, runtime.GOMAXPROCS(0))
	}
	if c.Name == "" {
		c.Name = "database"
	}
	name := "plimsoll-" + rand.Text() // of a database in memory: one per Open
	probes := 1
	if loc.path == "" {
		probes = 2 // one is the anchor
	}
	for _, part := range []struct {
		db     **sql.DB
		name   string
		writes bool
		size   int
		idle   time.Duration
	}{{&d.writer, c.Name + ".write", true, 1, 0}, {&d.reader, c.Name + ".read", false, readers, readersIdle}, {&d.probe, c.Name, false, probes, 0}} {
		made, db, err := d.newPool(part.name, loc.dsn(name, part.writes), part.size, part.idle)
		if err != nil {
			return nil, fmt.Errorf("open sqlite %s: %w", loc.path, err)
		}
		*part.db, d.pools = db, append(d.pools, made)
	}
	d.pools = d.pools[:2]
	if err := d.connect(ctx); err != nil {
		_ = d.Close() // the error that matters is the one below
		return nil, explain(err, loc)
	}
	return d, nil
}

// newPool makes a pool of connections to dsn.
func (d *DB) newPool(name, dsn string, size int, idle time.Duration) (*pool.Pool, *sql.DB, error) {
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, nil, err
	}
	return pool.New(pool.Config{
		Name: name, Size: size, DialTime: openWait, Replace: openRetry, IdleTime: idle, Owner: d, Explain: classify,
		Dial: func(ctx context.Context) (pool.Conn, error) {
			made, err := connector.Connect(ctx)
			if err != nil {
				return nil, err
			}
			return made.(pool.Conn), nil //nolint:forcetypeassert // the driver's connections do all that
		},
	})
}

// connect makes the first connections, so that a wrong path fails here and not
// in the first request.
func (d *DB) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	for {
		err := d.writer.PingContext(ctx)
		if err == nil {
			break
		}
		// Two processes that create the file at once collide where SQLite does
		// not wait by itself: in the switch to the write-ahead log.
		if !isCode(err, lib.SQLITE_BUSY) {
			return err
		}
		select {
		case <-time.After(openRetry):
		case <-ctx.Done():
			return err
		}
	}
	if d.path == "" {
		anchor, err := d.probe.Conn(ctx)
		if err != nil {
			return err
		}
		d.anchor = anchor
		return nil
	}
	file, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	d.file = file
	return d.Ready(ctx)
}

// Writer is the one connection that writes. What is executed on it waits in
// line, for as long as its context lets it.
func (d *DB) Writer() *sql.DB { return d.writer }

// Reader is the pool that reads. A statement that writes fails on it.
func (d *DB) Reader() *sql.DB { return d.reader }

// Pools are the pools of the writer and of the readers, for package store.
func (d *DB) Pools() []*pool.Pool { return d.pools }

// Ready reads from the file, on a connection that requests do not use. It
// fails when the file was removed or replaced under the process, which SQLite
// itself does not notice: it would go on writing to a file without a name.
func (d *DB) Ready(ctx context.Context) error {
	if d.file != nil {
		now, err := os.Stat(d.path)
		if err != nil {
			return fmt.Errorf("sqlite: the database file is gone: %w", err)
		}
		if !os.SameFile(d.file, now) {
			return fmt.Errorf("sqlite: %s was replaced while it was open: restart to use the new file", d.path)
		}
	}
	var version int
	if err := d.probe.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return fmt.Errorf("sqlite: read the database: %w", err)
	}
	return nil
}

// Unknown reports whether a failed commit may have taken effect all the same.
// It never may: the file is local, and SQLite rolls back what it could not
// commit.
func (d *DB) Unknown(error) bool { return false }

// Close closes all connections, the writer last: the last connection to leave
// copies the log into the file. It does not wait for those in use; they close
// when they are returned. Closing again does nothing.
func (d *DB) Close() error {
	errs := []error{d.reader.Close()}
	if d.anchor != nil {
		if err := d.anchor.Close(); !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, d.probe.Close(), d.writer.Close())...)
}

// classify gives a kind to the error of one who waited for another process's lock
// as long as that is of use.
func classify(ctx context.Context, err error) error {
	over := ctx.Err()
	switch {
	case over != nil && !errors.Is(err, over) && isCode(err, lib.SQLITE_INTERRUPT, lib.SQLITE_BUSY):
		return fmt.Errorf("%w: %w", over, err)
	case over == nil && isCode(err, lib.SQLITE_BUSY):
		return problem.Wrap(problem.Unavailable, "the database is busy", err).WithHeader("Retry-After", "1")
	}
	return err
}

func isCode(err error, codes ...int) bool {
	var e *driver.Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code()&0xff) // the low byte is the primary code
}
