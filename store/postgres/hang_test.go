package postgres_test

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/store/postgres"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

// patient is a grace that a machine at other work does not exceed.
const patient = 10 * time.Second

// value asks for one value, on a connection of its own where db is one's.
func value[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	assert.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&v), query)
	return v
}

// observer is a connection from outside, by the plain driver.
func observer(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// census is of the connections that the server has begun for the application, by
// the numbers that are there now or were before.
type census struct {
	db   *sql.DB
	seen map[int64]bool
}

// take counts the statements on the table that run.
func (c *census) take(t *testing.T) (running int) {
	t.Helper()
	rows, err := c.db.QueryContext(t.Context(), "SELECT pid, coalesce(state = 'active' AND query LIKE 'SELECT count(*) FROM t%', false) FROM pg_stat_activity WHERE application_name = 'victim'")
	assert.NoError(t, err)
	defer func() { assert.NoError(t, rows.Close()) }()
	for rows.Next() {
		var pid int64
		var active bool
		assert.NoError(t, rows.Scan(&pid, &active))
		c.seen[pid] = true
		if active {
			running++
		}
	}
	assert.NoError(t, rows.Err())
	return running
}

// Somebody holds a lock, and every statement waits for it: requests end in time,
// no connection is lost, and everything is as before when the lock is gone.
func TestStatementsThatHangKeepTheirConnections(t *testing.T) {
	const size, callers, budget = 4, 12, 100 * time.Millisecond
	url := storetest.Postgres(t).URL.Reveal()
	db := open(t, url, postgres.Config{MaxOpen: size, Application: "victim", Grace: patient}).Writer()
	outside := observer(t, url)
	_, err := outside.ExecContext(t.Context(), "CREATE TABLE t (id INTEGER)")
	assert.NoError(t, err)
	lock, err := outside.BeginTx(t.Context(), nil)
	assert.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "LOCK TABLE t")
	assert.NoError(t, err)
	fill(t, db, size)
	census := &census{outside, map[int64]bool{}}
	census.take(t)
	before := len(census.seen)

	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		late  []time.Duration
		kinds = map[problem.Kind]int{}
		ended atomic.Bool
	)
	for range callers {
		all.Go(func() {
			for !ended.Load() {
				ctx, cancel := context.WithTimeout(t.Context(), budget)
				start := time.Now()
				err := db.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(new(int))
				mu.Lock()
				late = append(late, time.Since(start))
				kinds[problem.From(err).Kind]++
				mu.Unlock()
				<-ctx.Done()
				cancel()
			}
		})
	}
	most := 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		most = max(most, census.take(t))
	}
	ended.Store(true)
	all.Wait()
	assert.AtMost(t, most, size, "statements that run on the server")
	assert.AtLeast(t, most, size, "they did hang")
	assert.Equal(t, len(census.seen), before, "connections that the server has begun")
	assert.Equal(t, kinds[problem.Internal], 0)
	assert.AtLeast(t, kinds[problem.Deadline], size)
	slices.Sort(late)
	t.Logf("%d answers, p50 %s, p99 %s", len(late), late[len(late)/2], late[len(late)*99/100])

	assert.NoError(t, lock.Rollback())
	healed := time.Now()
	assert.Eventually(t, 5*time.Second, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), budget)
		defer cancel()
		return db.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(new(int)) == nil
	})
	assert.AtMost(t, time.Since(healed), 2*time.Second)
}

// fill has every connection of the pool made.
func fill(t *testing.T, db *sql.DB, size int) {
	t.Helper()
	held := make([]*sql.Conn, size)
	for i := range held {
		var err error
		held[i], err = db.Conn(t.Context())
		assert.NoError(t, err)
	}
	for _, conn := range held {
		assert.NoError(t, conn.Close())
	}
}

// One server process is stopped: its connection is given up after the grace and
// replaced, and the others serve on.
func TestAConnectionWhoseServerProcessIsStoppedIsReplaced(t *testing.T) {
	url := storetest.Postgres(t).URL.Reveal()
	db := open(t, url, postgres.Config{MaxOpen: 2, Application: "victim"}).Writer()
	fill(t, db, 2)
	pid := value[int](t, db, "SELECT pg_backend_pid()")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Skipf("a process of the server cannot be stopped from here: %v", err)
	}
	defer func() { assert.NoError(t, syscall.Kill(pid, syscall.SIGCONT)) }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := db.ExecContext(ctx, "SELECT 1")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.AtMost(t, time.Since(start), 2*time.Second)
	assert.NotEqual(t, value[int](t, db, "SELECT pg_backend_pid()"), pid)
}

func TestAStatementThatItsContextEndedKeepsItsConnection(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{MaxOpen: 1, Grace: patient}).Writer()
	pid := value[int](t, db, "SELECT pg_backend_pid()")
	cases := map[string]func(context.Context) error{
		"exec":  func(ctx context.Context) error { _, err := db.ExecContext(ctx, "SELECT pg_sleep(60)"); return err },
		"query": func(ctx context.Context) error { return db.QueryRowContext(ctx, "SELECT pg_sleep(60)").Scan(new(any)) },
		"arguments": func(ctx context.Context) error {
			return db.QueryRowContext(ctx, "SELECT pg_sleep($1)", 60.0).Scan(new(any))
		},
		"rows": func(ctx context.Context) error {
			rows, err := db.QueryContext(ctx, "SELECT CASE WHEN n = 3 THEN pg_sleep(60) END, repeat('x', 10000) FROM generate_series(1, 4) n")
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }() // rows.Err has it
			for rows.Next() {
			}
			return rows.Err()
		},
		"prepared": func(ctx context.Context) error {
			prepared, err := db.PrepareContext(ctx, "SELECT pg_sleep($1)")
			if err != nil {
				return err
			}
			defer func() { _ = prepared.Close() }() // what failed is the statement
			_, err = prepared.ExecContext(ctx, 60.0)
			return err
		},
		"transaction": func(ctx context.Context) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "SELECT pg_sleep(60)")
			_ = tx.Rollback() // the context has done it
			return err
		},
	}
	for name, run := range cases {
		for _, left := range []time.Duration{30 * time.Millisecond, 50 * time.Millisecond, 110 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			err := run(ctx)
			cancel()
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, problem.From(err).Kind, problem.Deadline, name)
			assert.Equal(t, value[int](t, db, "SELECT pg_backend_pid()"), pid, "%s, %s", name, left)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel) // the client leaves
		err := run(ctx)
		assert.ErrorIs(t, err, context.Canceled, name)
		assert.Equal(t, value[int](t, db, "SELECT pg_backend_pid()"), pid, "%s, cancelled", name)
	}
}

func TestTheServerHasTheTimeLeft(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal()+"&statement_timeout=20000", postgres.Config{MaxOpen: 1}).Writer()
	show := func(left time.Duration) (text string) {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		assert.NoError(t, db.QueryRowContext(ctx, "SELECT current_setting('statement_timeout')").Scan(&text))
		return text
	}
	assert.Equal(t, show(500*time.Millisecond), "500ms")
	assert.Equal(t, show(time.Second), "1s")
	assert.Equal(t, show(4*time.Second), "4s")
	assert.Equal(t, show(time.Hour), "20s", "not more than the operator allows")
	assert.Equal(t, value[string](t, db, "SHOW statement_timeout"), "20s", "without a deadline it is the operator's")

	// It is set before a transaction begins, and no rollback takes it back.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	assert.NoError(t, err)
	var text, level, only string
	assert.NoError(t, tx.QueryRowContext(ctx,
		"SELECT current_setting('statement_timeout'), current_setting('transaction_isolation'), current_setting('transaction_read_only')").Scan(&text, &level, &only))
	assert.Equal(t, text+" "+level+" "+only, "3200ms serializable on")
	assert.NoError(t, tx.Rollback())
	assert.Equal(t, show(3*time.Second), "3200ms")
	assert.Equal(t, show(250*time.Millisecond), "250ms")
}

// A commit that has been sent goes on after its context has ended.
func TestACommitIsNotCutShort(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{MaxOpen: 1}).Writer()
	for _, statement := range []string{
		"CREATE TABLE t (id INTEGER)",
		"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.15); RETURN NULL; END'",
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		assert.NoError(t, err)
	}
	pid := value[int](t, db, "SELECT pg_backend_pid()")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	assert.NoError(t, err)
	_, err = tx.ExecContext(ctx, "INSERT INTO t VALUES (1)")
	assert.NoError(t, err)
	time.AfterFunc(50*time.Millisecond, cancel) // in the middle of the commit
	assert.NoError(t, tx.Commit())
	assert.Equal(t, value[int](t, db, "SELECT count(*) FROM t"), 1)
	assert.Equal(t, value[int](t, db, "SELECT pg_backend_pid()"), pid)
}

// No cancel hits the statement that comes after the one it was for.
func TestACancelHitsNobodyElse(t *testing.T) {
	db := open(t, storetest.Postgres(t).URL.Reveal(), postgres.Config{MaxOpen: 2, Grace: patient}).Writer()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 100 {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Duration(i%10)*100*time.Microsecond, cancel)
				_, _ = db.ExecContext(ctx, "SELECT pg_sleep(0.0005)") // cancelled or not: the race is the point
				if _, err := db.ExecContext(t.Context(), "SELECT pg_sleep(0.0001)"); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Wait()
}
