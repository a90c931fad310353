// Package admission decides what a service takes on. A Controller hands out a
// limited number of permits; what finds none waits in a short queue, highest
// class first, for as long as its budget allows it, or is refused at once.
//
//	permit, err := c.Acquire(ctx, route.Critical)
//	if err != nil {
//		return err // ErrShed, ErrDoomed or ErrCanceled: nothing was run
//	}
//	defer permit.Release(admission.Success)
//
// It works around anything: a handler (Middleware), a pool of connections, a
// worker. The limit is fixed, or found by experiment (Adaptive): no latency has to
// be told to it, and none is assumed. A permit costs two atomic operations and two reads of the clock; there
// is no goroutine, no timer, and no lock unless something waits.
package admission

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// Controller hands out permits. It is safe for concurrent use. Make it with New.
type Controller struct {
	mode  Mode
	epoch time.Time // zero of the controller's clock
	limit int       // as configured; where an adaptive one starts
	queue int

	kinds      bool         // as configured
	fixedQueue bool         // queue is configured and does not follow the limit
	permits    atomic.Int64 // the limit in force
	wanted     atomic.Int64 // what the limiter wants it to be

	leases sync.Pool // of *lease

	_ [64]byte // state is written by every request; what is above and below is read

	// state holds the permits that are out in its lower half, and in its
	// upper half how many wait. One word, so that who gives back a permit
	// and who starts to wait cannot miss each other.
	state atomic.Uint64

	_ [64]byte

	due      atomic.Int64  // when anything has to be done next, on the controller's clock
	doomed   atomic.Uint64 // passed over for trickle
	spared   atomic.Bool   // Hopeless let through one for trickle, which Acquire has not met yet
	open     atomic.Uint32 // levels that the queue lets in, one bit each
	refused  [reasons][levels]atomic.Uint64
	ended    [outcomes]atomic.Uint64 // of Success, see estimate
	estimate estimate
	limiter  limiter
	cpu      cpu
	memory   memory
	capacity capacity

	mu      sync.Mutex
	waiting *queue // guarded by mu
	supply  supply // guarded by mu
}

const (
	oneOut     = 1
	oneWaiting = 1 << 32

	never = math.MaxInt64 // on the controller's clock: no deadline

	// trickle lets through one in so many of those that look doomed by what
	// others took, or an estimate that is wrong could never be corrected.
	trickle = 100
)

// New makes a controller. The error names every fault of the configuration.
func New(cfg Config) (*Controller, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Controller{mode: cfg.Mode, epoch: time.Now()}
	if c.mode == "" {
		c.mode = Fixed
	}
	c.limit, c.queue = cfg.sizes()
	c.waiting = newQueue(c.queue)
	c.open.Store(c.waiting.open())
	c.permits.Store(int64(c.limit))
	c.wanted.Store(int64(c.limit))
	c.fixedQueue, c.kinds = cfg.Queue != 0, cfg.Kinds
	c.estimate.due.Store(int64(foldEvery))
	c.limiter.due.Store(never)
	if c.adaptive() {
		c.limiter.plan = newPlan(float64(c.limit))
		c.limiter.due.Store(int64(unknownPause))
	}
	c.watch(cfg)
	c.leases.New = func() any { return &lease{owner: c} }
	return c, nil
}

// watch begins to look at what the configuration says is to be looked at.
func (c *Controller) watch(cfg Config) {
	c.cpu.due.Store(never)
	c.cpu.most.Store(unbounded)
	if c.adaptive() && cfg.CPU != Unwatched {
		c.cpu.read = newScheduler().read
		c.cpu.due.Store(0)
	}
	c.memory.due.Store(never)
	c.memory.most.Store(unbounded)
	if c.mode != Off && cfg.Memory != Unwatched {
		c.memory.read, c.memory.collect = newProcess().read, runtime.GC
		c.memory.due.Store(0)
	}
}

// Mode is the mode in force.
func (c *Controller) Mode() Mode { return c.mode }

func (c *Controller) adaptive() bool { return c.mode == Adaptive }

// now reads the clock: ns since the controller was made. Only the monotonic
// clock is read.
func (c *Controller) now() int64 { return int64(time.Since(c.epoch)) }

// Acquire takes a permit, waiting for one in the queue if it must. It returns
// ErrShed, ErrDoomed or ErrCanceled, and then nothing is to be released.
//
// It refuses to wait where the estimated wait and the typical work exceed what
// is left until ctx's deadline, and waits no longer than until ctx ends.
func (c *Controller) Acquire(ctx context.Context, class route.Criticality) (Permit, error) {
	return c.AcquireFor(ctx, class, 0)
}

// AcquireFor is Acquire for a tenant: inside a class, tenants that wait are
// served in turn, and one that floods the queue is the first to be refused. The
// number is any cheap hash of what tells tenants apart, such as a header, a token
// or an address; it need not be a verified identity. 0: nobody in particular.
func (c *Controller) AcquireFor(ctx context.Context, class route.Criticality, tenant uint64) (Permit, error) {
	level, now := levelOf(class), c.now()
	deadline, err := c.admissible(ctx, level, now, false)
	if err != nil {
		return Permit{}, err
	}
	if !c.take() {
		return c.wait(ctx, level, tenant, now, deadline)
	}
	l := c.lease()
	l.granted, l.deadline = now, deadline
	return Permit{lease: l, generation: l.generation.Load()}, nil
}

// take is the fast path: a free permit, and nobody who waits for it.
func (c *Controller) take() bool {
	for {
		s := c.state.Load()
		if s >= uint64(c.permits.Load()) { // all are out, or the upper half is not 0
			return false
		}
		if c.state.CompareAndSwap(s, s+oneOut) {
			return true
		}
	}
}

func (c *Controller) lease() *lease { return c.leases.Get().(*lease) }

// finish takes back a permit that was granted at start for work that had until its
// deadline, and hands it on.
func (c *Controller) finish(start, deadline int64, o Outcome) {
	now := c.now()
	switch {
	case o == Success:
		c.estimate.observe(now-start, true)
	case o == Unused:
		c.ended[Unused].Add(1)
	default:
		o = min(o, Unused) // one that is not known counts as Failed
		if o == Unused {
			o = Failed
		}
		c.ended[o].Add(1)
		c.estimate.observe(now-start, false)
		switch o {
		case Late:
			c.limiter.breaker.failed(deadline-start, c.estimate.typical.Load())
		case Canceled: // longer than it was waited for, says this
			c.limiter.breaker.failed(now-start, c.estimate.typical.Load())
		default:
		}
	}
	if s := c.state.Add(^uint64(oneOut - 1)); s >= oneWaiting {
		c.mu.Lock()
		c.grantLocked(now)
		c.mu.Unlock()
	}
	c.tick(now)
}

// tick does what is due.
func (c *Controller) tick(now int64) {
	if now >= c.due.Load() {
		c.chores(now)
	}
}

// chores folds the estimate, takes a step of the limiter, looks at the processors
// and at the memory, measures what the service can do.
// Each of them sees to it that one of those who come at once does it.
func (c *Controller) chores(now int64) {
	if now >= c.estimate.due.Load() {
		c.estimate.fold(now)
	}
	if now >= c.limiter.due.Load() {
		c.adapt(now)
	}
	if now >= c.cpu.due.Load() {
		c.look(now)
	}
	if now >= c.memory.due.Load() {
		c.watchMemory(now)
	}
	if now >= c.capacity.due.Load() {
		c.measure(now)
	}
	c.due.Store(min(c.estimate.due.Load(), c.limiter.due.Load(), c.cpu.due.Load(), c.memory.due.Load(), c.capacity.due.Load()))
}
