package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
	"github.com/plimsoll-go/plimsoll/route"
)

// retryDelay is what a client waits after a refusal before its next attempt.
const retryDelay = 50 * time.Millisecond

// run is one scenario in virtual time. It must be used inside a synctest bubble.
type run struct {
	scenario scenario
	limiter  peers.Limiter
	start    time.Time

	requests sync.WaitGroup

	mu      sync.Mutex
	rng     *rand.Rand // guarded by mu
	backend *backend   // guarded by mu
	tally   []tally    // one a part; guarded by mu
	over    bool       // guarded by mu
}

// simulate runs the scenario against the limiter that make returns.
func simulate(s scenario, seed uint64, make func(scenario) peers.Limiter) result {
	r := &run{
		scenario: s, start: time.Now(), rng: rand.New(rand.NewPCG(seed, 0)),
		backend: newBackend(s), tally: newTallies(s),
	}
	r.limiter = make(s)
	r.sample()
	arrivals := rand.New(rand.NewPCG(seed, 1))
	from := time.Duration(0)
	for i, p := range s.parts {
		r.play(i, p, from, arrivals)
		from += p.length
	}
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.requests.Wait()
	return score(s, r.tally)
}

// play sends a part's arrivals: a Poisson process.
func (r *run) play(index int, p part, from time.Duration, rng *rand.Rand) {
	rate := p.load * r.scenario.capacity()
	end := from + p.length
	for at := from; ; {
		at += time.Duration(rng.ExpFloat64() / rate * float64(time.Second))
		if at >= end {
			time.Sleep(time.Until(r.start.Add(end)))
			return
		}
		time.Sleep(time.Until(r.start.Add(at)))
		work := r.scenario.work
		if p.work.set() {
			work = p.work
		}
		c := customer{part: index, level: pick(r.scenario.classes, rng), tenant: r.scenario.tenants.draw(rng), work: work.draw(rng)}
		if r.scenario.leave > 0 && rng.Float64() < r.scenario.leave {
			c.leaves, c.work = true, c.work/2
		}
		r.requests.Add(1)
		go r.serve(c, 1)
	}
}

// customer is a request and who sent it.
type customer struct {
	part   int // in which it arrived first
	level  int
	tenant uint64
	work   time.Duration
	leaves bool // at mid-work, which work is cut to
}

func (r *run) now() time.Duration { return time.Since(r.start) }

// serve is one attempt of a customer, with those that follow it.
func (r *run) serve(c customer, attempt int) {
	defer r.requests.Done()
	asked := r.now()
	ctx := &call{deadline: r.start.Add(asked + r.scenario.budget)}
	r.note(func() { r.arrived(asked, c, attempt) })
	leave := r.limiter.Enter(ctx, route.Sheddable+route.Criticality(c.level), c.tenant)
	ctx.end()
	if leave == nil {
		waited := r.now() - asked
		r.note(func() { r.at(asked).refused(c, asked+waited, waited) })
		r.again(c, attempt, retryDelay)
		return
	}
	var done time.Duration
	r.note(func() {
		now := r.now()
		done = r.backend.submit(now, c.work)
		r.admitted(now, asked, c)
	})
	if done > asked+r.scenario.budget && !c.leaves {
		r.again(c, attempt, asked+r.scenario.budget-r.now())
	}
	time.Sleep(time.Until(r.start.Add(done)))
	r.note(func() { r.finished(c, asked, done) })
	leave(done <= asked+r.scenario.budget && !c.leaves)
}

// again is the next attempt after a pause, if the client makes one.
func (r *run) again(c customer, attempt int, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if attempt >= r.scenario.attempts || r.over {
		return
	}
	r.requests.Add(1)
	time.AfterFunc(max(pause, 0), func() { r.serve(c, attempt+1) })
}

func (r *run) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func pick(classes mix, rng *rand.Rand) int {
	x := rng.Float64()
	for level, share := range classes {
		if x -= share; x < 0 {
			return level
		}
	}
	return len(classes) - 1
}

func (t tenantry) draw(rng *rand.Rand) uint64 {
	switch {
	case t.light == 0:
		return 0
	case rng.Float64() < t.heavy:
		return 1
	default:
		return 2 + rng.Uint64N(uint64(t.light))
	}
}
