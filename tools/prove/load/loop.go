package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// ClosedLoop is a run of clients each of which sends its next request when it has the answer to the last. It finds out
// what a service can do; it can't find out how the service behaves when more is asked of it, because it never asks for
// more, and nothing it measures becomes a verdict about latency.
type ClosedLoop struct {
	Target   string // host:port
	Mix      []Request
	Clients  int           // each with a connection of its own, opened again when it ends
	Duration time.Duration // no request begins after it
	Deadline time.Duration // a client's patience; 0: 10 s
	Pause    time.Duration // after anything but OK, so that refusals are not counted by the million; 0: 10 ms
	Seed     uint64
	Live     *Live // counted into while it runs; nil: nobody looks
}

// Validate reports everything that is wrong with the run at once.
func (l ClosedLoop) Validate() error {
	var faults []error
	if _, _, err := net.SplitHostPort(l.Target); err != nil {
		faults = append(faults, fmt.Errorf("target %q: want host:port", l.Target))
	}
	faults = append(faults, validateMix(l.Mix))
	if l.Clients < 1 || l.Clients > defaultInFlight {
		faults = append(faults, fmt.Errorf("%d clients: want 1 to %d", l.Clients, defaultInFlight))
	}
	if l.Duration <= 0 || l.Deadline < 0 || l.Pause < 0 {
		faults = append(faults, errors.New("duration, deadline and pause: want more than 0"))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("closed loop: %w", err)
	}
	return nil
}

// loop is a closed-loop run that is being carried out.
type loop struct {
	origin
	plan      ClosedLoop
	addr      string
	incidents incidents

	mu   sync.Mutex
	rows []Row
}

// Loop carries out a closed-loop run. Its rows are in the order in which the requests began; Intended and Picked are
// both that moment. When ctx ends first, what was in flight is Cancelled, and the result comes with an error that wraps
// the cause. No goroutine and no connection is left when it returns.
func Loop(ctx context.Context, plan ClosedLoop) (*Result, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	if plan.Deadline == 0 {
		plan.Deadline = defaultDeadline
	}
	if plan.Pause == 0 {
		plan.Pause = 10 * time.Millisecond
	}
	if plan.Live == nil {
		plan.Live = new(Live)
	}
	addr, err := net.ResolveTCPAddr("tcp", plan.Target)
	if err != nil {
		return nil, fmt.Errorf("closed loop: %w", err)
	}
	l := &loop{origin: startNow(), plan: plan, addr: addr.String()}
	var clients sync.WaitGroup
	for k := range plan.Clients {
		clients.Go(func() {
			c := &client{loop: l, buf: make([]byte, readSize), choice: rand.New(rand.NewPCG(plan.Seed, streamWorkers+uint64(k)))}
			c.live(ctx)
		})
	}
	clients.Wait()
	res := &Result{Began: l.Time, Length: plan.Duration, Deadline: plan.Deadline, Seed: plan.Seed, Rows: l.rows}
	res.complete(plan.Mix, &l.incidents)
	return res, context.Cause(ctx)
}

// begin gives out the next row; false: the time is over.
func (l *loop) begin(route uint16) (int, Row, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now >= l.plan.Duration || len(l.rows) >= maxRequests {
		return 0, Row{}, false
	}
	row := Row{Intended: now, Picked: now, Route: route}
	l.rows = append(l.rows, row)
	l.plan.Live.due.Add(1)
	l.plan.Live.inFlight.Add(1)
	return len(l.rows) - 1, row, true
}

// finish records a row that is decided.
func (l *loop) finish(i int, row Row) {
	row.Last = l.now()
	l.mu.Lock()
	l.rows[i] = row
	l.mu.Unlock()
	l.plan.Live.inFlight.Add(-1)
	l.plan.Live.by[row.Outcome].Add(1)
}
