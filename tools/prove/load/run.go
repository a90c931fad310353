package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// run is a plan that is being carried out.
type run struct {
	origin
	plan      Plan
	addr      string // the target, resolved
	rows      []Row  // each is written only by whoever holds its request
	pool      *pool
	live      *Live
	incidents incidents
	flying    sync.WaitGroup // requests in flight
	workers   sync.WaitGroup // goroutines, but for the scheduler
}

// Run carries out a plan and waits for every request to be decided, at most the plan's patience after the last is due.
// When ctx ends first, what was in flight is Cancelled, what was not due is Withheld, and the result comes with an error
// that wraps the cause. No goroutine and no connection is left when it returns.
func Run(ctx context.Context, p Plan) (*Result, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	p = p.withDefaults()
	addr, err := net.ResolveTCPAddr("tcp", p.Target)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	r := &run{plan: p, addr: addr.String(), pool: newPool(p.Reuse, p.MaxConns, p.Live), live: p.Live, rows: schedule(p)}
	conns, err := r.warm(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", p.Target, err)
	}
	r.begin(conns)
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		r.closeAll()
	})

	scheduled := make(chan struct{})
	go func() {
		defer close(scheduled)
		r.schedule(ctx)
	}()
	<-scheduled
	r.flying.Wait()
	if !stop() {
		<-closed
	}
	r.closeAll()
	r.workers.Wait()
	return r.result(), context.Cause(ctx)
}

// begin starts the clock and the connections that were opened before.
func (r *run) begin(conns []*conn) {
	r.origin = startNow()
	for _, c := range conns {
		c.used = true
		r.pool.reserve()
		r.pool.add(c)
		r.pool.put(c)
		r.workers.Add(1)
		go c.serve()
	}
}

// schedule turns to every request when it is due. Its goroutine has a thread of its own.
func (r *run) schedule(ctx context.Context) {
	s := newSleeper()
	defer s.stop()
	var source rand.PCG
	rng := rand.New(&source)
	var built []byte
	for i := range r.rows {
		row := &r.rows[i]
		request := &r.plan.Mix[row.Route]
		p := request.Bytes
		if request.Build != nil {
			source.Seed(r.plan.Seed, uint64(i))
			built = request.Build(built[:0], rng, i)
			p = built
		}
		if !r.until(ctx, s, row.Intended) {
			r.withhold(i)
			return
		}
		r.fire(ctx, i, p, request.Build != nil)
	}
}

// fire sends request i now, or decides why not. borrowed: p is only valid during the call.
func (r *run) fire(ctx context.Context, i int, p []byte, borrowed bool) {
	row := &r.rows[i]
	row.Picked = r.now()
	r.live.due.Add(1)
	if r.plan.Gate != nil && !r.plan.Gate() {
		r.unsent(i, Withheld)
		return
	}
	if r.live.inFlight.Load() >= int64(r.plan.MaxInFlight) {
		r.unsent(i, Capped)
		return
	}
	r.live.inFlight.Add(1)
	r.flying.Add(1)
	for !row.Has(Fresh) {
		c := r.pool.take()
		if c == nil {
			break
		}
		if c.carry(i, p) == nil {
			return
		}
	}
	if !r.pool.reserve() {
		r.live.inFlight.Add(-1)
		r.flying.Done()
		r.unsent(i, Capped)
		return
	}
	if borrowed {
		p = append([]byte(nil), p...)
	}
	r.workers.Add(1)
	go r.open(ctx, i, p)
}

// unsent decides a request that does not leave us.
func (r *run) unsent(i int, o Outcome) {
	r.rows[i].Outcome = o
	r.live.by[o].Add(1)
}

// withhold decides all requests from i on: the run was cancelled before they were due.
func (r *run) withhold(i int) {
	for ; i < len(r.rows); i++ {
		r.live.due.Add(1)
		r.unsent(i, Withheld)
	}
}

// finish decides a request that was in flight.
func (r *run) finish(i int, o Outcome) {
	r.rows[i].Last = r.now()
	r.rows[i].Outcome = o
	r.live.by[o].Add(1)
	r.live.inFlight.Add(-1)
	r.flying.Done()
}

// note keeps a request as evidence, if its outcome has not been seen often.
func (r *run) note(i int, c *conn, received []byte, err error) {
	o := r.rows[i].Outcome
	if r.incidents.enough(o) {
		return
	}
	var local net.Addr
	if c != nil {
		local = c.nc.LocalAddr()
	}
	r.incidents.add(i, o, local, received, err)
}

// closeAll ends every connection; what is in flight is then cancelled.
func (r *run) closeAll() {
	for _, c := range r.pool.close() {
		_ = c.nc.Close()
		r.pool.drop(c)
	}
}
