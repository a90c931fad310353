package budget

import (
	"context"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// Terms are what a request came with.
type Terms struct {
	Arrival  time.Time         // zero: now
	Deadline time.Time         // zero: none
	Class    route.Criticality // Unset: nobody said
	Attempt  int               // how often a caller had tried before; 0: this is the first time
}

// Ledger says where the time of one request goes. Whoever waits for something charges it; what nobody charged is the
// request's own work. Charges may overlap, as they do in a fan-out: time is counted once, however many share it.
//
// It is part of another struct, or on its own, and never copied or used twice: a handler that outlives its request may
// still hold it. Its methods may be called from any goroutine, and on nil do nothing.
type Ledger struct {
	ctx     ledgerContext
	book    *Book // lends the lines; nil: they are made
	arrival time.Time
	class   route.Criticality
	attempt uint8

	mu      sync.Mutex
	closed  bool          // nothing is entered any more: bill may be read without mu
	open    int32         // charges that are under way
	limit   time.Duration // since arrival; 0: no deadline
	since   time.Duration // since arrival: when open was last 0
	covered time.Duration // with at least one charge under way
	until   time.Duration // covered goes as far as this
	bill    Bill
}

// Open begins the ledger. The context that it returns carries it to Charge, Attempt and Class.
func (l *Ledger) Open(parent context.Context, t Terms) context.Context {
	if t.Arrival.IsZero() {
		t.Arrival = time.Now()
	}
	l.arrival, l.class, l.attempt = t.Arrival, t.Class, uint8(min(max(t.Attempt, 0), mostAttempts))
	if !t.Deadline.IsZero() {
		l.limit = max(1, t.Deadline.Sub(t.Arrival))
	}
	l.ctx = ledgerContext{Context: parent, ledger: l}
	return &l.ctx
}

// FromContext is the ledger of the request that ctx belongs to, or nil.
func FromContext(ctx context.Context) *Ledger {
	l, _ := ctx.Value(ledgerKey{}).(*Ledger)
	return l
}

// Attempt is how often the caller of the request that ctx belongs to had tried before, as far as it is believed; 0 for
// a first attempt, and outside of a request.
func Attempt(ctx context.Context) int {
	if l := FromContext(ctx); l != nil {
		return int(l.attempt)
	}
	return 0
}

// Class is the class of the request that ctx belongs to; route.Unset outside of a request.
func Class(ctx context.Context) route.Criticality {
	if l := FromContext(ctx); l != nil {
		return l.class
	}
	return route.Unset
}

// expect notes a deadline that nobody knew when the ledger was opened.
func (l *Ledger) expect(deadline time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit := max(1, deadline.Sub(l.arrival)); l.limit == 0 || limit < l.limit {
		l.limit = limit
	}
}

// Enter adds a wait that has just ended and lasted d, before the request's handler runs: nothing else may have been
// charged at that time.
func (l *Ledger) Enter(kind Kind, name string, d time.Duration) {
	if l == nil || d <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	line := &l.bill.page.lines[l.findLocked(kind, name, whole)]
	line.Count++
	line.Wall += d
	l.covered += d
}

// Close ends the ledger: what is still under way is charged up to now, and what ends later is not entered. It returns
// the bill, which does not change any more. The first call counts.
func (l *Ledger) Close(now time.Time) *Bill {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.settleLocked(&l.bill, now)
	}
	return &l.bill
}

// Bill is a copy of the bill so far.
func (l *Ledger) Bill(now time.Time) *Bill {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bill := l.bill
	if bill.page != nil {
		bill.page = new(page)
		*bill.page = *l.bill.page
	}
	if !l.closed {
		l.settleLocked(&bill, now)
	}
	return &bill
}

// settleLocked makes b, which has the lines, a bill that ends now.
func (l *Ledger) settleLocked(b *Bill, now time.Time) {
	end := max(0, now.Sub(l.arrival))
	covered := l.covered
	if l.open > 0 {
		covered += max(0, end-l.since)
	}
	for line := range b.Lines {
		if line.Open > 0 {
			line.Wall += end - line.since
		}
		line.Wall = min(max(0, line.Wall), end)
	}
	b.Total, b.Own = end, max(0, end-covered)
	b.Limited, b.Left = l.limit > 0, max(0, l.limit-end)
}

// ledgerContext is a request's context with the ledger in it, in the ledger's own memory.
type ledgerContext struct {
	context.Context
	ledger *Ledger
}

type ledgerKey struct{}

// Value implements context.Context.
func (c *ledgerContext) Value(key any) any {
	if _, ok := key.(ledgerKey); ok {
		return c.ledger
	}
	return c.Context.Value(key)
}
