package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// subject is one thing whose cost is asked for.
type subject struct {
	name    string
	run     func(n int)
	request bool // it is all that a request's ledger does
}

// request is what a chain has for each request: the ledger is a part of it.
type request struct{ ledger budget.Ledger }

var errRefused = errors.New("refused")

// kept is where results go, so that no work is left out.
type kept struct {
	at      time.Time
	request *request
	line    []byte
	header  http.Header
}

func subjects() []subject {
	keep := &kept{line: make([]byte, 0, 512), header: http.Header{}}
	book := budget.NewBook()
	whole := func(name string, work func(context.Context, *budget.Ledger, time.Time)) subject {
		account := book.Account(name)
		return subject{name: name, request: true, run: func(n int) {
			now := time.Now()
			for range n {
				r := &request{}
				keep.request = r
				ctx := book.Open(context.Background(), &r.ledger, budget.Terms{Arrival: now, Deadline: now.Add(5 * time.Second), Class: route.Critical})
				work(ctx, &r.ledger, now)
				end := now.Add(20 * time.Millisecond) // the chain reads the clock for the access line anyway
				bill := r.ledger.Close(end)
				keep.line, _ = bill.AppendText(keep.line[:0])
				account.Enter(bill, budget.Served{At: end, Trace: [16]byte{1}, Useful: true})
				r.ledger.Free()
			}
		}}
	}
	return []subject{
		{name: "`time.Now`", run: func(n int) {
			for range n {
				keep.at = time.Now()
			}
		}},
		whole("a request that waits for nothing", func(context.Context, *budget.Ledger, time.Time) {}),
		whole("a usual one: queue, a call with its attempt, a statement; the clock as whoever waits has read it", usual),
		whole("the same, every reading of the clock the ledger's own", usualAlone),
		whole("much: queue, body, three calls, one with three attempts, eight statements", much),
		{name: "one charge alone", run: one(keep)},
		{name: "`Server-Timing` of a usual one", run: timing(keep)},
	}
}

func usual(ctx context.Context, l *budget.Ledger, now time.Time) {
	l.Enter(budget.Queue, "", time.Millisecond)
	call := budget.ChargeAt(ctx, budget.Dependency, "payments", now.Add(2*time.Millisecond))
	call.AttemptAt(0, now.Add(2*time.Millisecond)).EndAt(nil, now.Add(9*time.Millisecond))
	call.EndAt(nil, now.Add(9*time.Millisecond))
	budget.ChargeAt(ctx, budget.Database, "", now.Add(10*time.Millisecond)).EndAt(nil, now.Add(14*time.Millisecond))
}

func usualAlone(ctx context.Context, l *budget.Ledger, _ time.Time) {
	l.Enter(budget.Queue, "", time.Millisecond)
	call := budget.Charge(ctx, budget.Dependency, "payments")
	call.Attempt(0).End(nil)
	call.End(nil)
	budget.Charge(ctx, budget.Database, "").End(nil)
}

func much(ctx context.Context, l *budget.Ledger, now time.Time) {
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	l.Enter(budget.Queue, "", time.Millisecond)
	l.Enter(budget.Body, "", time.Millisecond)
	for i, name := range [...]string{"payments", "stock", "mail"} {
		call := budget.ChargeAt(ctx, budget.Dependency, name, at(2+i))
		for n := range 1 + 2*(i/2) {
			call.AttemptAt(n, at(2+i)).EndAt(errRefused, at(3+i))
		}
		call.EndAt(nil, at(3+i))
	}
	for i := range 8 {
		budget.ChargeAt(ctx, budget.Database, "", at(8+i)).EndAt(nil, at(9+i))
	}
}

func one(keep *kept) func(int) {
	return func(n int) {
		now := time.Now()
		keep.request = &request{}
		ctx := keep.request.ledger.Open(context.Background(), budget.Terms{Arrival: now})
		for range n {
			budget.ChargeAt(ctx, budget.Database, "", now).EndAt(nil, now)
		}
	}
}

func timing(keep *kept) func(int) {
	return func(n int) {
		now := time.Now()
		r := &request{}
		ctx := r.ledger.Open(context.Background(), budget.Terms{Arrival: now})
		usual(ctx, &r.ledger, now)
		for range n {
			clear(keep.header)
			r.ledger.AddServerTiming(keep.header, now.Add(20*time.Millisecond))
		}
	}
}
