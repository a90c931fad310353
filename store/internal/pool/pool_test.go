package pool

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/route"
)

// request is a context of a class, with a budget.
func request(t *testing.T, class route.Criticality, left time.Duration) context.Context {
	t.Helper()
	now := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), now.Add(left))
	t.Cleanup(cancel)
	return new(budget.Ledger).Open(ctx, budget.Terms{Arrival: now, Deadline: now.Add(left), Class: class})
}

func exec(ctx context.Context, db *sql.DB, query string) error {
	_, err := db.ExecContext(ctx, query)
	return err
}

func TestThereAreNoMoreConnectionsThanPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		p, db := s.pool(t, Config{Size: 3})
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if err := exec(t.Context(), db, "10ms"); err != nil {
					t.Error(err)
				}
			})
		}
		start := time.Now()
		all.Wait()
		assert.Equal(t, time.Since(start), 100*time.Millisecond, "three at a time, and no pause between them")
		assert.Equal(t, s.most.Load(), 3)
		assert.Equal(t, s.dials.Load(), 3, "connections are used again")
		assert.Equal(t, p.Stats(), Stats{Size: 3, Idle: 3, Waited: p.Stats().Waited})
		assert.Equal(t, db.Stats().WaitCount, 0, "nothing waits in database/sql")
	})
}

func TestWhoWaitsIsServedByClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, db := (&server{}).pool(t, Config{Size: 1})
		var (
			mu    sync.Mutex
			order []route.Criticality
			all   sync.WaitGroup
		)
		ask := func(class route.Criticality) {
			ctx := request(t, class, time.Second)
			all.Go(func() {
				err := exec(ctx, db, "10ms")
				mu.Lock()
				defer mu.Unlock()
				if order = append(order, class); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		ask(route.Critical) // holds the connection
		for _, class := range []route.Criticality{route.Sheddable, route.Critical, route.CriticalPlus} {
			ask(class)
		}
		all.Wait()
		assert.Equal(t, order, []route.Criticality{route.Critical, route.CriticalPlus, route.Critical, route.Sheddable})
	})
}

func TestTheWaitEndsWithTheBudgetAndIsOnTheBill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		_, db := s.pool(t, Config{Size: 1})
		held, err := db.Conn(t.Context())
		assert.NoError(t, err)
		ctx := request(t, route.Critical, 50*time.Millisecond)
		start := time.Now()
		err = exec(ctx, db, "1ms")
		assert.Equal(t, time.Since(start), 50*time.Millisecond)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, problem.From(err).Kind, problem.Deadline)
		bill := budget.FromContext(ctx).Close(time.Now())
		assert.Contains(t, bill.String(), "test-queue=50ms!1")
		assert.NoError(t, held.Close())

		ctx = request(t, route.Critical, time.Second)
		assert.NoError(t, exec(ctx, db, "20ms"))
		assert.Contains(t, budget.FromContext(ctx).Close(time.Now()).String(), "test=20ms")
	})
}

// A refusal says that nothing was executed only where the bill shows it.
func TestARefusalIsHonest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		_, db := s.pool(t, Config{Size: 1})
		s.refuse.Store(true)
		assert.ErrorIs(t, exec(t.Context(), db, ""), errRefused)
		synctest.Wait() // the goroutine that replaces has failed once and waits
		fresh := request(t, route.Critical, time.Second)
		p := problem.From(exec(fresh, db, ""))
		assert.Equal(t, p.Kind, problem.Unavailable)
		assert.Equal(t, p.Header.Get(budget.Executed), "no")
		assert.NotZero(t, p.Header.Get("Retry-After"))

		charged := request(t, route.Critical, time.Second)
		budget.Charge(charged, budget.Dependency, "payments").End(nil)
		p = problem.From(exec(charged, db, ""))
		assert.Equal(t, p.Kind, problem.Unavailable)
		assert.Equal(t, p.Header.Get(budget.Executed), "")
	})
}

// Everybody holds a connection and wants another: nobody may stand still.
func TestNestedUseDoesNotDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4
		s := &server{}
		_, db := s.pool(t, Config{Size: size})
		var all, held sync.WaitGroup
		var refused atomic.Int32
		held.Add(size)
		start := time.Now()
		for range size {
			all.Go(func() {
				tx, err := db.BeginTx(t.Context(), nil)
				held.Done()
				if err != nil {
					t.Error(err)
					return
				}
				held.Wait()
				if err := exec(Within(t.Context(), s), db, ""); errors.Is(err, ErrNested) && problem.From(err).Kind == problem.Unavailable {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		assert.AtLeast(t, refused.Load(), 1)
		assert.AtMost(t, time.Since(start), nestedWait)
		assert.NoError(t, exec(Within(t.Context(), s), db, ""), "there is room")
	})
}

// Ten seconds in which every statement hangs and breaks its connection.
func TestBrokenConnectionsAreReplacedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, seconds = 10, 10
		s := &server{}
		p, db := s.pool(t, Config{Size: size})
		var fill sync.WaitGroup
		for range size {
			fill.Go(func() { _ = exec(t.Context(), db, "1ms") })
		}
		fill.Wait()
		assert.Equal(t, s.dials.Load(), size)
		s.hang.Store(true)
		load := func(d time.Duration) (good int) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				start := time.Now()
				if exec(ctx, db, "1ms") == nil {
					good++
				}
				cancel()
				assert.AtMost(t, time.Since(start), 100*time.Millisecond)
				time.Sleep(time.Millisecond) // of virtual time
			}
			return good
		}
		assert.Zero(t, load(seconds*time.Second))
		assert.AtMost(t, s.dials.Load(), size+1+seconds)
		assert.AtMost(t, s.most.Load(), size)
		s.hang.Store(false)
		load(2 * time.Second) // the bound of a recovery
		assert.Equal(t, p.Stats().Lost, 0, "all are back after two seconds")
		assert.AtLeast(t, load(time.Second), 400)
	})
}

func TestAnOutageIsProbedOnceASecondAndEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 5
		s := &server{}
		p, db := s.pool(t, Config{Size: size})
		var fill sync.WaitGroup
		for range size {
			fill.Go(func() { _ = exec(t.Context(), db, "1ms") })
		}
		fill.Wait()
		s.refuse.Store(true)
		for range size { // the server restarts: every connection is found broken
			_ = exec(t.Context(), db, "break")
		}
		before := s.dials.Load()
		for range 100 {
			start := time.Now()
			assert.Equal(t, problem.From(exec(t.Context(), db, "")).Kind, problem.Unavailable)
			assert.Zero(t, time.Since(start), "nobody waits for what is down")
			time.Sleep(100 * time.Millisecond) // of virtual time
		}
		assert.AtMost(t, s.dials.Load()-before, 11)
		s.refuse.Store(false)
		time.Sleep(1100 * time.Millisecond) // of virtual time
		assert.NoError(t, exec(t.Context(), db, ""), "one is back after a second")
		time.Sleep(1100 * time.Millisecond)
		assert.Equal(t, p.Stats().Lost, 0)
	})
}

func TestConnectionsAreClosedForAgeAndIdleness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		_, db := s.pool(t, Config{Size: 2, IdleTime: time.Minute, Lifetime: time.Hour})
		assert.NoError(t, exec(t.Context(), db, ""))
		time.Sleep(59 * time.Second) // of virtual time
		assert.Equal(t, s.open.Load(), 1)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, s.open.Load(), 0, "idle for a minute")

		assert.NoError(t, exec(t.Context(), db, ""))
		for range 63 {
			time.Sleep(59 * time.Second)
			assert.NoError(t, exec(t.Context(), db, ""))
		}
		assert.Equal(t, s.dials.Load(), 3, "the second was used all the time, and replaced after an hour")
	})
}

func TestRowsAreReadToTheEnd(t *testing.T) {
	_, db := (&server{}).pool(t, Config{Size: 1})
	rows, err := db.QueryContext(t.Context(), "")
	assert.NoError(t, err)
	defer func() { assert.NoError(t, rows.Close()) }()
	sum := 0
	for rows.Next() {
		var n int
		assert.NoError(t, rows.Scan(&n))
		sum += n
	}
	assert.NoError(t, rows.Err())
	assert.Equal(t, sum, 6)
	types, err := rows.ColumnTypes()
	assert.Error(t, err, "the rows are closed")
	assert.Len(t, types, 0)
	assert.NoError(t, exec(t.Context(), db, ""), "the connection was given back")
}

func TestAClosedPoolClosesWhatComesBack(t *testing.T) {
	s := &server{}
	p, db := s.pool(t, Config{Size: 2})
	held, err := db.Conn(t.Context())
	assert.NoError(t, err)
	assert.NoError(t, exec(t.Context(), db, ""))
	assert.NoError(t, db.Close())
	assert.Equal(t, p.Stats().Used, 1)
	assert.NoError(t, held.Close())
	assert.Equal(t, s.open.Load(), 0)
	assert.Equal(t, p.Stats().Used, 0)
	assert.Error(t, exec(t.Context(), db, ""))
}
