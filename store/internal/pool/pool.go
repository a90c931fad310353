package pool

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
)

// Conn is what a driver's connection is able to do.
type Conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Config is what a pool is made from.
type Config struct {
	Name string // on bills and in errors
	Size int    // connections, from 1
	Dial func(context.Context) (Conn, error)

	DialTime time.Duration // limits a dial that no request waits for
	Replace  time.Duration // the least time between two dials while connections break; above 0
	IdleTime time.Duration // closes a connection that nobody used for so long; 0: never
	Lifetime time.Duration // closes a connection of this age; 0: never

	// Owner is what Within marks a context with.
	Owner any

	// Explain makes of a driver's error what is returned, given the context of
	// the statement. Nil: the error as it is.
	Explain func(context.Context, error) error
}

// Pool is a driver.Connector. Make it with New.
type Pool struct {
	cfg     Config
	permits *admission.Controller
	line    string       // of a bill, for the wait for a connection
	waited  atomic.Int64 // for connections, in all, ns

	life   context.Context // ends with Close
	end    context.CancelFunc
	tended sync.WaitGroup // the goroutine that replaces

	mu        sync.Mutex
	idle      []*entry           // the one used last at the end
	lost      []admission.Permit // of connections that broke and were not replaced yet
	replacing bool               // there is a goroutine that replaces them
	reaper    *time.Timer        // nil: no idle connection is watched
	broke     time.Time          // when a connection broke or a dial failed
	dialed    time.Time          // when the last dial began before which connections broke
	worked    time.Time          // when a connection was given back by one for whom it worked
	closed    bool
}

// entry is a connection.
type entry struct {
	conn       Conn
	born, used time.Time
}

// queue is how many may wait for a connection. What decides is the time that is
// left to them; this only bounds memory where nobody has a deadline.
const queue = 4096

// New makes a pool, and the *sql.DB in front of it.
func New(cfg Config) (*Pool, *sql.DB, error) {
	permits, err := admission.New(admission.Config{Mode: admission.Fixed, Limit: cfg.Size, Queue: queue})
	if err != nil {
		return nil, nil, err
	}
	if cfg.Explain == nil {
		cfg.Explain = func(_ context.Context, err error) error { return err }
	}
	p := &Pool{cfg: cfg, permits: permits, line: cfg.Name + "-queue"}
	p.life, p.end = context.WithCancel(context.Background())
	db := sql.OpenDB(p)
	db.SetMaxOpenConns(0)  // the permits are the limit
	db.SetMaxIdleConns(-1) // and the pool keeps what is idle
	return p, db, nil
}

// Driver implements driver.Connector. There is no name to open a database by.
func (p *Pool) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

// Open implements driver.Driver.
func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("this database is opened by package store")
}

// Connect implements driver.Connector: it waits for a permit, and gives out the
// connection that was used last, or a new one.
func (p *Pool) Connect(ctx context.Context) (driver.Conn, error) {
	for {
		if p.down() {
			return nil, p.unreachable(ctx)
		}
		permit, err := p.acquire(ctx)
		if err != nil {
			return nil, err
		}
		e, err := p.checkout(ctx)
		switch {
		case err == nil:
			return &Session{pool: p, entry: e, permit: permit, ctx: ctx}, nil
		case errors.Is(err, errClosed), errors.Is(err, errLeft):
			permit.Release(admission.Unused)
			return nil, err
		}
		p.lose(permit, errors.Is(err, errBroke))
		if !errors.Is(err, errLater) {
			return nil, p.cfg.Explain(ctx, err)
		}
	}
}

// acquire takes a permit, waiting for it if it must.
func (p *Pool) acquire(ctx context.Context) (admission.Permit, error) {
	ask, nested := ctx, ctx.Value(within{p.cfg.Owner}) != nil
	if nested {
		var cancel context.CancelFunc
		ask, cancel = context.WithTimeout(ctx, nestedWait)
		defer cancel()
	}
	start := time.Now()
	wait := budget.ChargeAt(ctx, budget.Database, p.line, start)
	permit, err := p.permits.Acquire(ask, budget.Class(ctx))
	wait.End(err)
	if err == nil {
		p.waited.Add(int64(permit.Waited()))
		return permit, nil
	}
	p.waited.Add(int64(time.Since(start)))
	return permit, p.refusal(ctx, err, nested)
}

// checkout takes an idle connection that is alive, or dials.
func (p *Pool) checkout(ctx context.Context) (*entry, error) {
	for {
		e, err := p.pop()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return p.dial(ctx)
		}
		err = e.conn.ResetSession(ctx)
		if err == nil && p.doubtful(e) {
			err = e.conn.Ping(ctx)
		}
		if err == nil {
			return e, nil
		}
		over := ctx.Err()
		if over != nil && e.conn.IsValid() { // who leaves in the middle proves nothing
			p.push(e, false)
			return nil, fmt.Errorf("%w: %w", errLeft, over)
		}
		_ = e.conn.Close() // it is broken
		if over != nil {
			return nil, fmt.Errorf("%w: %w", errBroke, over)
		}
	}
}

// doubtful says whether a connection broke since this one was used: where one
// ended, as in a restart of the server, the others may have too.
func (p *Pool) doubtful(e *entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return e.used.Before(p.broke)
}

var (
	errClosed = errors.New("the pool is closed")
	errLeft   = errors.New("the time was over before a statement was sent")
	errBroke  = errors.New("the server did not answer")
	errLater  = errors.New("the next dial is put off")
)

// pop is the idle connection that was used last, nil when there is none.
func (p *Pool) pop() (*entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	p.reapLocked(time.Now())
	n := len(p.idle)
	if n == 0 {
		return nil, nil
	}
	e := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return e, nil
}

// push gives a connection back, or closes one that is old.
func (p *Pool) push(e *entry, worked bool) {
	now := time.Now()
	e.used = now
	p.mu.Lock()
	if worked {
		p.worked = now
	}
	keep := !p.closed && (p.cfg.Lifetime <= 0 || now.Sub(e.born) < p.cfg.Lifetime)
	if keep {
		p.idle = append(p.idle, e)
		p.watchLocked()
	}
	p.mu.Unlock()
	if !keep {
		_ = e.conn.Close() // nobody waits for it
	}
}

// watchLocked has idle connections closed when it is time.
func (p *Pool) watchLocked() {
	if p.cfg.IdleTime <= 0 || p.reaper != nil || len(p.idle) == 0 {
		return
	}
	p.reaper = time.AfterFunc(p.cfg.IdleTime, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reaper = nil
		p.reapLocked(time.Now())
		p.watchLocked()
	})
}

// reapLocked closes what nobody used for too long: it stands at the front.
func (p *Pool) reapLocked(now time.Time) {
	if p.cfg.IdleTime <= 0 {
		return
	}
	for len(p.idle) > 0 && now.Sub(p.idle[0].used) >= p.cfg.IdleTime {
		e := p.idle[0]
		p.idle[0] = nil
		p.idle = p.idle[1:]
		p.tended.Go(func() { _ = e.conn.Close() }) // says goodbye to the server, which may take its time
	}
}

// Close closes what is idle, and what is in use when it is given back.
func (p *Pool) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	if p.reaper != nil {
		p.reaper.Stop()
	}
	p.mu.Unlock()
	p.end()
	var faults []error
	for _, e := range idle {
		faults = append(faults, e.conn.Close())
	}
	p.tended.Wait()
	return errors.Join(faults...)
}

// Stats are what a pool is doing.
type Stats struct {
	Size    int           // connections that it may have
	Used    int           // of them, in use
	Idle    int           // of them, open and not in use
	Lost    int           // of them, broken and not replaced yet
	Waiting int           // who wait for one
	Waited  time.Duration // in all
}

// Stats returns the present state.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Size: p.cfg.Size, Idle: len(p.idle), Lost: len(p.lost),
		Used:    max(0, p.permits.InFlight()-len(p.lost)),
		Waiting: p.queued(), Waited: time.Duration(p.waited.Load()),
	}
}

// queued is how many stand in the queue.
func (p *Pool) queued() (n int) {
	for _, w := range p.permits.Snapshot().Queue {
		n += w.Count
	}
	return n
}

// Name is what the pool is called on bills and in metrics.
func (p *Pool) Name() string { return p.cfg.Name }
