package admission

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// The CPU plane. In Go what is ready to run and finds no processor waits in the
// scheduler's queue. On a busy service that is where requests wait too, before
// any code of theirs has run, so that no limit sees them. The scheduler tells how
// long the wait is and how many wait. Where both say that there is more work than
// processors, fewer permits are given out than the limiter would, the lower
// classes are refused at once instead of parked, and what is left of a budget is
// counted less the wait that nobody saw.
//
// Whoever passes by takes a look when one is due; there is no goroutine.
type cpu struct {
	read func(*processors) // nil: not watched

	due atomic.Int64 // when to look next, on the controller's clock; never: not watched

	mu      sync.Mutex // TryLock: whoever finds another at it goes on
	now     processors // what the last look read
	looked  int64      // when that was
	before  []uint64   // the waits when the window began; nil: none has
	paused  time.Duration
	began   int64
	looks   int // in the window
	crowded int // looks in a row, the last included, at which too many were ready to run

	// Published.
	most  atomic.Int64 // permits at once; unbounded: the processors hold nothing back
	until atomic.Int64 // it is hot until then, on the controller's clock
	wait  atomic.Int64 // for a processor, ns: the longest but for one in ten, in the last window
	late  atomic.Int64 // the median of that while it is hot, ns
}

// processors is what the runtime says of them at one moment.
type processors struct {
	count    int       // GOMAXPROCS
	runnable int       // goroutines that are ready and wait for one
	waits    []uint64  // how many ever waited, by how long
	bounds   []float64 // seconds: waits[i] took from bounds[i] to bounds[i+1]
	paused   time.Duration
	// throttled is the share of the last second in which the quota of the
	// container left the processors idle.
	throttled float64
}

const (
	unbounded = math.MaxInt32

	lookEvery = 50 * time.Millisecond
	// The scheduler tells one wait in eight. On a small service a window takes
	// several looks until there are enough of them to say anything.
	enoughWaits = 16
	fewWaits    = 4
	mostLooks   = 4

	// A queue of a few is normal: with work of 5 ms on one processor, whoever
	// comes second has waited 5 ms. It is more work than processors when
	// twice as many as there are processors are ready at two looks in a row,
	// and it takes long.
	tooMany   = 2 // times the processors
	inARow    = 2
	tail      = 0.9
	longWait  = 5 * time.Millisecond
	shortWait = 2 * time.Millisecond

	throttledMuch = 0.1 // of the time; then one for each processor is a crowd, however short the wait
	pausedMuch    = 0.2 // of a window, by the collector: it tells nothing of the load
	backOff       = 0.1 // of what is in flight, a window
	ease          = 0.05
	staysHot      = time.Second // so that the regimes do not flap
)

// load is what a window says.
type load uint8

const (
	untold    load = iota // the window goes on, or tells nothing
	bearable              // neither of the others
	light                 // the processors hold nothing back
	saturated             // more work than processors
)

// look reads the runtime and draws the conclusion.
func (c *Controller) look(now int64) {
	p := &c.cpu
	if !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if now < p.due.Load() {
		return
	}
	p.due.Store(now + int64(lookEvery))
	switch most := p.most.Load(); p.judge(now) {
	case saturated:
		p.until.Store(now + int64(staysHot))
		p.late.Store(p.quantile(0.5))
		p.most.Store(p.less(min(most, int64(c.InFlight()))))
	case light:
		if most != unbounded {
			p.most.Store(p.more(most, c.wanted.Load()))
		}
	default:
	}
	if now >= p.until.Load() {
		p.late.Store(0)
	}
	c.enforce(now)
}

// judge takes in a look.
func (p *cpu) judge(now int64) load {
	since := now - p.looked
	p.looked = now
	p.read(&p.now)
	if p.before == nil || since > int64(mostLooks*lookEvery) { // nobody passed by
		p.restart(now)
		p.crowded = 0
		if since > int64(staysHot) { // for so long that it is idle
			return light
		}
		return untold
	}
	if p.now.paused-p.paused > time.Duration(pausedMuch*float64(now-p.began)) {
		p.restart(now)
		p.crowded = 0
		return untold
	}
	p.looks++
	throttled := p.now.throttled > throttledMuch
	limit := tooMany * p.now.count
	if throttled {
		limit = p.now.count
	}
	if p.now.runnable > limit {
		p.crowded++
	} else {
		p.crowded = 0
	}
	waits := p.waits()
	if waits < enoughWaits && p.looks < mostLooks {
		return untold
	}
	wait := int64(0)
	if waits >= fewWaits {
		wait = p.quantile(tail)
	}
	p.wait.Store(wait)
	defer p.restart(now)
	switch {
	case p.crowded >= inARow && (throttled || wait > int64(longWait)):
		return saturated
	case p.crowded == 0 || wait < int64(shortWait):
		return light
	default:
		return bearable
	}
}

// restart begins a window.
func (p *cpu) restart(now int64) {
	p.before = append(p.before[:0], p.now.waits...)
	p.paused, p.began, p.looks = p.now.paused, now, 0
}

// less is the bound that follows a saturated window: a tenth less than what is in
// flight, but no less than what is in excess, nor than keeps the processors busy
// while one permit changes hands.
func (p *cpu) less(inFlight int64) int64 {
	excess := int64(p.now.runnable - p.now.count)
	return max(inFlight-min(max(int64(backOff*float64(inFlight)), 1), max(excess, 1)), int64(p.now.count)+1)
}

// more is the bound that follows a light window: none at all once it is beyond
// what the limiter would give out.
func (p *cpu) more(most, wanted int64) int64 {
	if most >= wanted {
		return unbounded
	}
	return max(int64(float64(most)*(1+ease)), most+1)
}

// waits is how many waits the window holds.
func (p *cpu) waits() (n uint64) {
	for i, count := range p.now.waits {
		n += count - p.before[i]
	}
	return n
}

// quantile is the shortest that a wait of the window was at the quantile, ns. It
// is 0 when there was none.
func (p *cpu) quantile(q float64) int64 {
	rank := q * float64(p.waits())
	for i, count := range p.now.waits {
		if rank -= float64(count - p.before[i]); rank < 0 && p.now.bounds[i] > 0 {
			return int64(p.now.bounds[i] * float64(time.Second))
		} else if rank < 0 {
			return 0
		}
	}
	return 0
}

// hot says whether there is more work than processors, or was a moment ago.
func (c *Controller) hot(now int64) bool { return now < c.cpu.until.Load() }
