package budget

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Account adds up the bills of one route.
type Account struct {
	route string
	begun time.Time // of the book

	total    digest // marked: failed
	own      digest
	ownSpent atomic.Int64 // ns, ever
	requests atomic.Int64 // ever
	need     need

	mu    sync.Mutex // serialises who adds an item
	items atomic.Pointer[[]*item]
}

// item is one line of the bills of a route: a dependency, the queue.
type item struct {
	kind  Kind
	name  string
	walls digest       // marked: charges that failed
	calls atomic.Int64 // ever
	spent atomic.Int64 // ns, ever
}

func newAccount(route string, begun time.Time) *Account {
	a := &Account{route: route, begun: begun}
	a.total.width, a.own.width = bookWindow/slots, bookWindow/slots
	a.need.served.width = needWindow / slots
	a.items.Store(&[]*item{})
	return a
}

// Served tells of the request that a bill is for.
type Served struct {
	At     time.Time // when its answer was complete
	Trace  [16]byte  // its trace id
	Failed bool      // its answer says that the service failed, or there is none
	Useful bool      // it was served: what it took is an example of what the route needs
}

// Enter adds a bill.
func (a *Account) Enter(b *Bill, s Served) {
	if a == nil || b == nil {
		return
	}
	at := s.At.Sub(a.begun)
	failed := uint32(0)
	if s.Failed {
		failed = 1
	}
	if slot := a.total.add(at, b.Total, failed); slot.exceeds(b.Total) {
		slot.offer(&Example{Trace: s.Trace, At: s.At, Took: b.Total, Bill: b.String()})
	}
	a.own.add(at, b.Own, 0)
	a.ownSpent.Add(int64(b.Own))
	a.requests.Add(1)
	waited := time.Duration(0)
	for line := range b.Lines {
		if line.attempt != whole {
			continue
		}
		if line.Kind == Queue || line.Kind == Body {
			waited += line.Wall
		}
		item := a.item(line.Kind, line.Name)
		item.calls.Add(int64(line.Count))
		item.spent.Add(int64(line.Wall))
		if slot := item.walls.add(at, line.Wall, line.Failed); slot.exceeds(line.Wall) {
			slot.offer(&Example{Trace: s.Trace, At: s.At, Took: line.Wall})
		}
	}
	if s.Useful {
		a.need.observe(at, b.Total-waited)
	}
}

// item is that of such lines; from the 13th on it is the one of the others.
func (a *Account) item(kind Kind, name string) *item {
	if i := a.find(&kind, &name); i != nil {
		return i
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.find(&kind, &name); i != nil {
		return i
	}
	i := &item{kind: kind, name: name}
	i.walls.width = bookWindow / slots
	items := append(slices.Clone(*a.items.Load()), i)
	a.items.Store(&items)
	return i
}

func (a *Account) find(kind *Kind, name *string) *item {
	items := *a.items.Load()
	if i := find(items, *kind, *name); i != nil || len(items) < maxItems {
		return i
	}
	*kind, *name = Others, ""
	return find(items, Others, "")
}

func find(items []*item, kind Kind, name string) *item {
	for _, i := range items {
		if i.kind == kind && i.name == name {
			return i
		}
	}
	return nil
}

// Mix says that the route stands for many that nobody tells apart, such as all below a path: what it needs is then what
// the fastest of its requests took, not what half of them did.
func (a *Account) Mix() { a.need.mixed.Store(true) }

// Doomed says whether a request that arrives with so much time is to be refused, because half of those that the route
// served lately took longer, or because it is less than a millisecond. One in a hundred of them is let through, or an
// estimate that is too high would stay. What waiting and reading the body took is not part of what a route needs.
func (a *Account) Doomed(arrival time.Time, allowed time.Duration) bool {
	return a != nil && allowed < a.need.least(arrival.Sub(a.begun)) && a.need.passedOver.Add(1)%needTrickle != 0
}

// Need is how long half of the requests that the route served in the last minute took, without the queue and the
// body; at least 1 ms, also while fewer than 8 were served.
func (a *Account) Need() time.Duration { return a.need.least(time.Since(a.begun)) }

// What a route needs.
const (
	needWindow  = time.Minute
	needDue     = time.Second // how often the estimate is made anew
	needBelief  = 8           // requests before they are believed
	needFloor   = time.Millisecond
	needTrickle = 100 // one in so many is let through
)

// need is what a route takes to serve a request.
type need struct {
	served     digest
	mixed      atomic.Bool
	due        atomic.Int64 // when to estimate again, in ns since the book was begun
	typical    atomic.Int64 // ns; 0: not known
	passedOver atomic.Uint64
}

func (n *need) observe(at, d time.Duration) {
	n.served.add(at, d, 0)
	n.estimate(at)
}

// estimate makes the estimate anew when it is due.
func (n *need) estimate(at time.Duration) {
	due := n.due.Load()
	if int64(at) < due || !n.due.CompareAndSwap(due, int64(at+needDue)) {
		return
	}
	typical := time.Duration(0)
	if s := n.served.read(at); s.count >= needBelief {
		typical = s.below(n.quantile())
	}
	n.typical.Store(int64(typical))
}

// quantile is the part of the requests that is faster than what a route is said to need.
func (n *need) quantile() float64 {
	if n.mixed.Load() {
		return 0
	}
	return 0.5
}

func (n *need) least(at time.Duration) time.Duration {
	n.estimate(at) // refusals alone have to correct it, too
	return max(needFloor, time.Duration(n.typical.Load()))
}
