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
	ctx   ledgerContext
	terms Terms

	mu       sync.Mutex
	deadline time.Time     // zero: none
	closed   bool          // nothing is entered any more: bill may be read without mu
	open     int           // charges that are under way
	since    time.Duration // since arrival: when open was last 0
	covered  time.Duration // with at least one charge under way
	until    time.Duration // covered goes as far as this
	bill     Bill
}

// Open begins the ledger. The context that it returns carries it to Charge, Attempt and Class.
func (l *Ledger) Open(parent context.Context, t Terms) context.Context {
	if t.Arrival.IsZero() {
		t.Arrival = time.Now()
	}
	l.terms, l.deadline = t, t.Deadline
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
func Attempt(ctx context.Context) int { return FromContext(ctx).Terms().Attempt }

// Class is the class of the request that ctx belongs to; route.Unset outside of a request.
func Class(ctx context.Context) route.Criticality { return FromContext(ctx).Terms().Class }

// Terms are what the ledger was opened with.
func (l *Ledger) Terms() Terms {
	if l == nil {
		return Terms{}
	}
	return l.terms
}

// expect notes a deadline that nobody knew when the ledger was opened.
func (l *Ledger) expect(deadline time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deadline.IsZero() || deadline.Before(l.deadline) {
		l.deadline = deadline
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
	line := &l.bill.lines[l.bill.find(kind, name, whole)]
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
	if !l.closed {
		l.settleLocked(&bill, now)
	}
	return &bill
}

// settleLocked makes b, which has the lines, a bill that ends now.
func (l *Ledger) settleLocked(b *Bill, now time.Time) {
	end := max(0, now.Sub(l.terms.Arrival))
	covered := l.covered
	if l.open > 0 {
		covered += max(0, end-l.since)
	}
	for i := range b.used {
		line := &b.lines[i]
		if line.Open > 0 {
			line.Wall += end - line.since
		}
		line.Wall = min(max(0, line.Wall), end)
	}
	b.Total, b.Own = end, max(0, end-covered)
	if !l.deadline.IsZero() {
		b.Limited, b.Left = true, max(0, l.deadline.Sub(now))
	}
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
