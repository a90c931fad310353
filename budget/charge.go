package budget

import (
	"context"
	"time"
)

// Entry is a charge that is under way. The zero Entry is one that nobody keeps; its methods do nothing.
type Entry struct {
	ledger *Ledger
	line   int8
}

// Charge begins to charge the request that ctx belongs to for a wait: for a dependency, by the name it has elsewhere,
// or for one of the other kinds, whose name may be empty. Names must have few values. End must follow, once; charges
// of the same kind and name share a line of the bill. Without a ledger in ctx nothing happens.
//
//	call := budget.Charge(ctx, budget.Dependency, "payments")
//	defer func() { call.End(err) }()
func Charge(ctx context.Context, kind Kind, name string) Entry {
	l := FromContext(ctx)
	if l == nil {
		return Entry{}
	}
	return l.charge(kind, name, time.Now())
}

// ChargeAt is Charge for a caller that has read the clock already.
func ChargeAt(ctx context.Context, kind Kind, name string, now time.Time) Entry {
	return FromContext(ctx).charge(kind, name, now)
}

// Attempt begins to charge one attempt of a call, from 0. It is shown beside the call, not added to it. End must
// follow, once, before that of the call.
func (e Entry) Attempt(n int) Entry {
	if e.ledger == nil {
		return Entry{}
	}
	return e.AttemptAt(n, time.Now())
}

// AttemptAt is Attempt for a caller that has read the clock already.
func (e Entry) AttemptAt(n int, now time.Time) Entry {
	l := e.ledger
	if l == nil {
		return Entry{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return Entry{}
	}
	call := &l.bill.page.lines[e.line]
	if call.Kind == Others {
		return Entry{}
	}
	return l.chargeLocked(call.Kind, call.Name, min(max(n, 0), maxAttempt), now)
}

// End ends the charge; err says why what was waited for failed, nil when it did not.
func (e Entry) End(err error) {
	if e.ledger != nil {
		e.EndAt(err, time.Now())
	}
}

// EndAt is End for a caller that has read the clock already.
func (e Entry) EndAt(err error, now time.Time) {
	l := e.ledger
	if l == nil {
		return
	}
	at := now.Sub(l.arrival)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	line := &l.bill.page.lines[e.line]
	if line.Open == 0 {
		return
	}
	if err != nil {
		line.Failed++
	}
	if line.Open--; line.Open == 0 {
		line.Wall += max(0, at-line.since)
	}
	if l.open--; l.open == 0 && at > l.since {
		l.covered += at - l.since
		l.until = at
	}
}

// charge enters a wait that begins now.
func (l *Ledger) charge(kind Kind, name string, now time.Time) Entry {
	if l == nil {
		return Entry{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return Entry{}
	}
	return l.chargeLocked(kind, name, whole, now)
}

func (l *Ledger) chargeLocked(kind Kind, name string, attempt int, now time.Time) Entry {
	at := now.Sub(l.arrival)
	i := l.findLocked(kind, name, attempt)
	line := &l.bill.page.lines[i]
	if line.Open++; line.Open == 1 {
		line.since = at
	}
	line.Count++
	if l.open++; l.open == 1 {
		l.since = max(at, l.until) // clocks are read before the lock is taken: charges may be entered out of order
	}
	return Entry{ledger: l, line: int8(i)}
}
