package database

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"
)

// What a run is: requests come at a rate, whatever becomes of them; a lock is
// taken on the table that they read, and let go.
const (
	budget = 250 * time.Millisecond
	rate   = 200 // a second
	well   = 2 * time.Second
	hung   = 8 * time.Second
	after  = 4 * time.Second
)

// outcome is one request.
type outcome struct {
	at   time.Duration // since the run began
	took time.Duration
	good bool
}

// report is what a run showed.
type report struct {
	name              string
	answers           int           // while it hung
	p50, p99          time.Duration // of them
	sessions, running int           // begun while it hung; most at the same time
	recovery          time.Duration // until 99 % of a second's requests were good
	lost              int           // requests that failed before and 2 s after the hang
}

// run puts one subject through the hang.
func run(tb testing.TB, s subject) report {
	tb.Helper()
	outside := observer(tb, s.url)
	var (
		mu   sync.Mutex
		all  []outcome
		load sync.WaitGroup
	)
	begin := time.Now()
	load.Go(func() {
		var requests sync.WaitGroup
		for n := 0; ; n++ {
			at := time.Duration(n) * time.Second / rate
			if at > well+hung+after {
				break
			}
			time.Sleep(time.Until(begin.Add(at)))
			requests.Go(func() {
				took, err := ask(tb.Context(), s.db, "SELECT count(*) FROM t", budget)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, outcome{at, took, err == nil})
			})
		}
		requests.Wait()
	})
	time.Sleep(time.Until(begin.Add(well)))
	r := report{name: s.name}
	before := sessions(tb, outside)
	lock, err := outside.BeginTx(tb.Context(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := lock.ExecContext(tb.Context(), "LOCK TABLE t"); err != nil {
		tb.Fatal(err)
	}
	for time.Since(begin) < well+hung {
		r.running = max(r.running, running(tb, outside))
	}
	if err := lock.Rollback(); err != nil {
		tb.Fatal(err)
	}
	healed := time.Since(begin)
	r.sessions = sessions(tb, outside) - before
	load.Wait()
	r.judge(all, healed)
	return r
}

// judge computes what the requests say.
func (r *report) judge(all []outcome, healed time.Duration) {
	var hanging []time.Duration
	var bad []time.Duration
	for _, o := range all {
		switch {
		case o.at >= well && o.at < well+hung:
			hanging = append(hanging, o.took)
		case !o.good && o.at < well-budget:
			r.lost++
		case !o.good && o.at >= healed:
			bad = append(bad, o.at-healed)
			if o.at > healed+2*time.Second {
				r.lost++
			}
		}
	}
	slices.Sort(hanging)
	r.answers = len(hanging)
	r.p50, r.p99 = hanging[len(hanging)/2], hanging[len(hanging)*99/100]
	slices.Sort(bad)
	// 1 % of a second's requests may still fail.
	if keep := len(bad) - rate/100; keep > 0 {
		r.recovery = max(0, bad[keep-1])
	}
}

// sessions is how many the server has begun for the database so far, but for the
// one that asks. It is told of them about once a second.
func sessions(tb testing.TB, outside *sql.DB) (n int) {
	tb.Helper()
	err := outside.QueryRowContext(tb.Context(), "SELECT sessions FROM pg_stat_database WHERE datname = current_database()").Scan(&n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// running is how many statements on the table the server runs now.
func running(tb testing.TB, outside *sql.DB) (n int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
	defer cancel()
	err := outside.QueryRowContext(ctx,
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT count(*) FROM t%'").Scan(&n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
