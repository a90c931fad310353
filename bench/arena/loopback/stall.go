package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// A stalled backend under callers that try again: the trigger of a metastable
// failure. What is asked is whether the service comes back once the backend has.
const (
	stallLoad   = 0.7
	stallAt     = 4 * time.Second
	stallFor    = 8 * time.Second
	stallGrace  = time.Second // from its end until all is to be well
	stallScored = 3 * time.Second

	retries    = 3                     // of a request, after the first attempt
	retryPause = 50 * time.Millisecond // after a refusal; after a timeout they try again at once
)

// stalled is the workload of it.
func stalled() workload {
	return workload{Name: "stall", Slots: 10, Work: 20 * time.Millisecond, Budget: 200 * time.Millisecond}
}

// caller is a client that tries again.
type caller struct {
	client *http.Client
	url    string
	budget time.Duration
}

func newCaller(addr string, budget time.Duration) *caller {
	return &caller{url: "http://" + addr + "/work", budget: budget,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxIdleConns: 512}}}
}

// call reports whether an attempt was answered in time. The first counts from when
// the request was due.
func (c *caller) call(ctx context.Context, due time.Time) bool {
	for attempt := range 1 + retries {
		if attempt > 0 {
			due = time.Now()
		}
		status, err := c.attempt(ctx, due)
		switch {
		case err == nil && status == http.StatusOK:
			return true
		case err == nil:
			time.Sleep(retryPause)
		case ctx.Err() != nil:
			return false
		}
	}
	return false
}

func (c *caller) attempt(ctx context.Context, due time.Time) (status int, err error) {
	ctx, cancel := context.WithDeadline(ctx, due.Add(c.budget))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Plimsoll-Budget", strconv.FormatInt(c.budget.Milliseconds(), 10))
	res, err := c.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// called is one request of a caller.
type called struct {
	due, lag time.Duration // since the start
	good     bool
}

// stall measures one contender through a stall.
func (a *arena) stall(ctx context.Context, c contender, round int) (window, error) {
	w := stalled()
	p, err := launch(job{Contender: c.name, Workload: w})
	if err != nil {
		return window{}, err
	}
	healthy := stallAt + stallFor + stallGrace
	before, after := part{from: warmUp, to: stallAt}, part{from: healthy, to: healthy + stallScored}
	var calls []called
	var toldErr error
	marks, err := watch(p, []part{before, after}, func() error {
		told := time.AfterFunc(stallAt, func() { toldErr = p.stall(stallFor) })
		defer told.Stop()
		calls = a.callers(ctx, p.Addr, w, after.to, uint64(round))
		return ctx.Err()
	})
	last, stopErr := p.stop()
	if err := errors.Join(err, toldErr, stopErr); err != nil {
		return window{}, fmt.Errorf("%s: %w", c.name, err)
	}
	lag := lagOf(calls)
	validity := load.Validity{Valid: lag <= w.Budget/40, Reason: "lag", Detail: fmt.Sprintf("the callers were late: p99 %v", lag)}
	s := score{Before: servedIn(calls, before), After: servedIn(calls, after), Intended: len(calls)}
	return window{Contender: c.name, Workload: w.Name, Load: stallLoad, Round: round, Score: s,
		LagP99: ms(lag), Invalid: invalid(validity, marks[1]), Machine: marks[1], Admission: last.Admission}, nil
}

// callers send a Poisson process of requests, each with its retries, and wait for
// all of them.
func (a *arena) callers(ctx context.Context, addr string, w workload, length time.Duration, round uint64) []called {
	var (
		c     = newCaller(addr, w.Budget)
		rng   = rand.New(rand.NewPCG(a.seed+round, 0))
		rate  = stallLoad * w.capacity(w.Work)
		calls []*called
		wg    sync.WaitGroup
		start = time.Now()
	)
	defer c.client.CloseIdleConnections()
	for at := time.Duration(0); ctx.Err() == nil; {
		at += time.Duration(rng.ExpFloat64() / rate * float64(time.Second))
		if at >= length {
			break
		}
		time.Sleep(time.Until(start.Add(at)))
		x := &called{due: at, lag: time.Since(start) - at}
		calls = append(calls, x)
		wg.Go(func() { x.good = c.call(ctx, start.Add(x.due)) })
	}
	wg.Wait()
	all := make([]called, len(calls))
	for i, x := range calls {
		all[i] = *x
	}
	return all
}

// servedIn is the share of the requests due in a part that were served.
func servedIn(calls []called, p part) float64 {
	due, good := 0, 0
	for _, c := range calls {
		if c.due >= p.from && c.due < p.to {
			due++
			if c.good {
				good++
			}
		}
	}
	return share(good, due)
}

func lagOf(calls []called) time.Duration {
	lags := make([]time.Duration, len(calls))
	for i, c := range calls {
		lags[i] = c.lag
	}
	slices.Sort(lags)
	return stats.Quantile(lags, 0.99)
}
