package outbound_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// hangs are the ways in which a dependency does not answer.
var hangs = map[string]http.HandlerFunc{
	"before the headers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"in the body": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	},
	"by a trickle": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, ".")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(10 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	},
}

func TestADependencyThatHangsEndsWithTheBudget(t *testing.T) {
	for how, handler := range hangs {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, handler, outbound.Config{Name: "payments"})
				ctx, cancel := budget.Start(t.Context(), time.Now(), time.Second, nil)
				defer cancel()
				begun := time.Now()
				_, err := fetch(c, get(t, ctx, "/charges"))
				wantKind(t, err, problem.Deadline)
				assert.ErrorIs(t, err, budget.ErrExceeded)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Since(begun), 980*time.Millisecond) // 2 % are kept for the answer to the caller
				assert.Contains(t, err.Error(), "call payments: GET /charges")
			})
		})
	}
}

func TestADependencyThatHangsEndsWithTheTimeoutWhereThereIsNoBudget(t *testing.T) {
	for how, handler := range hangs {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, handler, outbound.Config{})
				begun := time.Now()
				_, err := fetch(c, get(t, t.Context(), "/"))
				wantKind(t, err, problem.Deadline)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.False(t, errors.Is(err, budget.ErrExceeded))
				assert.Equal(t, time.Since(begun), outbound.DefaultTimeout)
			})
		})
	}
}

func TestADependencysOwnTimeoutShortensTheBudgetOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := make(chan string, 1)
		c := client(t, func(_ http.ResponseWriter, r *http.Request) {
			given <- r.Header.Get(budget.Header)
			<-r.Context().Done()
		}, outbound.Config{Timeout: 300 * time.Millisecond})
		for _, want := range []struct {
			budget, took time.Duration
			given        string
			whole        bool // the caller's budget is over with it
		}{
			{time.Second, 300 * time.Millisecond, "293", false},
			{100 * time.Millisecond, 98 * time.Millisecond, "97", true},
			{time.Hour, 300 * time.Millisecond, "293", false},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), want.budget)
			begun := time.Now()
			_, err := fetch(c, get(t, ctx, "/"))
			wantKind(t, err, problem.Deadline)
			assert.Equal(t, time.Since(begun), want.took)
			assert.Equal(t, <-given, want.given)
			assert.Equal(t, errors.Is(err, budget.ErrExceeded), want.whole)
			cancel()
		}
	})
}

func TestACallIsNotBegunWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		touched := false
		c := client(t, func(http.ResponseWriter, *http.Request) { touched = true }, outbound.Config{Name: "payments"})
		for _, left := range []time.Duration{-time.Second, 0, time.Microsecond, 2200 * time.Microsecond} {
			ctx, cancel := budget.Start(t.Context(), time.Now(), time.Hour, nil)
			deadline, stop := context.WithTimeoutCause(ctx, left, budget.ErrExceeded)
			body := &closing{Reader: strings.NewReader("x")}
			r, err := http.NewRequestWithContext(deadline, http.MethodPost, "/charges", body)
			assert.NoError(t, err)
			_, err = c.Do(r)
			wantKind(t, err, problem.Deadline)
			assert.ErrorIs(t, err, budget.ErrExceeded)
			assert.Contains(t, err.Error(), "no time is left to call a dependency: call payments: POST /charges: not begun")
			assert.True(t, body.closed)
			stop()
			cancel()
		}
		assert.False(t, touched)

		ctx, cancel := context.WithTimeout(t.Context(), 2300*time.Microsecond) // less reserve and network: a millisecond
		defer cancel()
		_, err := fetch(c, get(t, ctx, "/"))
		assert.NoError(t, err)
		assert.True(t, touched)
	})
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestACallIsNotBegunForACallerWhoIsGone(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("the dependency was called") }, outbound.Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(life.ErrDraining)
	_, err := fetch(c, get(t, ctx, "/"))
	assert.ErrorIs(t, err, life.ErrDraining)
	wantKind(t, err, problem.Deadline)
}

// The promise is 100 ms a hop; nothing here waits for a timer.
func TestACallerWhoLeavesEndsTheCallAtTheDependency(t *testing.T) {
	for how, handler := range hangs {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := make(chan time.Time, 1)
				c := client(t, func(w http.ResponseWriter, r *http.Request) {
					defer func() { seen <- time.Now() }()
					handler(w, r)
				}, outbound.Config{})
				ctx, cancel := context.WithCancel(t.Context())
				left := time.Now().Add(300 * time.Millisecond)
				time.AfterFunc(time.Until(left), cancel)
				_, err := fetch(c, get(t, ctx, "/"))
				assert.ErrorIs(t, err, context.Canceled)
				assert.Contains(t, err.Error(), "a call to a dependency was given up")
				assert.Equal(t, time.Now(), left)
				assert.AtMost(t, (<-seen).Sub(left), 10*time.Millisecond) // the trickle's own pace
			})
		})
	}
}

func TestADialThatHangsEndsAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := outbound.New(nil, outbound.Config{URL: parse(t, "http://mem.test"), Attempts: 1, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := fetch(c, get(t, ctx, "/"))
		wantKind(t, err, problem.Deadline)
		assert.Equal(t, time.Since(begun), outbound.DefaultConnect)
	})
}

func TestAServerThatDoesNotFinishItsHandshakeEndsAfterTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		c := outbound.New(nil, outbound.Config{URL: parse(t, "https://mem.test"), Attempts: 1,
			Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := fetch(c, get(t, ctx, "/"))
		wantKind(t, err, problem.Deadline)
		assert.Equal(t, time.Since(begun), outbound.DefaultHandshake)
	})
}

// counted is a network in memory that counts the connections to one server.
func counted(t *testing.T, h http.HandlerFunc, c outbound.Config) (*outbound.Client, *atomic.Int64) {
	t.Helper()
	s := memhttp.New(t, h)
	var dials atomic.Int64
	c.URL = parse(t, memhttp.URL)
	c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { dials.Add(1); return s.Dial(ctx) }
	return outbound.New(nil, c), &dials
}

func TestConnectionsAreKeptAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, dials := counted(t, func(http.ResponseWriter, *http.Request) { time.Sleep(10 * time.Millisecond) }, outbound.Config{})
		wave := func() {
			var calls sync.WaitGroup
			for range 20 {
				calls.Go(func() { _, err := fetch(c, get(t, t.Context(), "/")); assert.NoError(t, err) })
			}
			calls.Wait()
			synctest.Wait()
		}
		wave()
		wave()
		assert.Equal(t, dials.Load(), 20)
		time.Sleep(outbound.DefaultIdle - time.Second)
		wave()
		assert.Equal(t, dials.Load(), 20)
		time.Sleep(outbound.DefaultIdle + time.Second)
		wave()
		assert.Equal(t, dials.Load(), 40)
	})
}

// A call that waits for a connection waits within its time.
func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at, most := 0, 0
		enter := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			at += n
			most = max(most, at)
		}
		release := make(chan struct{})
		c := client(t, func(http.ResponseWriter, *http.Request) {
			enter(1)
			defer enter(-1)
			<-release
		}, outbound.Config{MaxConns: 2, Timeout: time.Second})
		results := make(chan error, 5)
		for range 5 {
			go func() { _, err := fetch(c, get(t, t.Context(), "/")); results <- err }()
		}
		time.Sleep(500 * time.Millisecond)
		close(release)
		for range 5 {
			assert.NoError(t, <-results)
		}
		assert.Equal(t, most, 2)
	})
}
