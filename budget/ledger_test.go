package budget

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const ms = time.Millisecond

func opened(t *testing.T, limit time.Duration) (context.Context, *Ledger) {
	l := new(Ledger)
	terms := Terms{Arrival: time.Now()}
	if limit > 0 {
		terms.Deadline = terms.Arrival.Add(limit)
	}
	return l.Open(t.Context(), terms), l
}

func TestLedgerItemises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 5*time.Second)
		time.Sleep(2 * ms) // in the queue
		l.Enter(Queue, "", 2*ms)
		time.Sleep(ms) // own work
		for range 3 {
			e := Charge(ctx, Database, "")
			time.Sleep(4 * ms)
			e.End(nil)
		}
		e := Charge(ctx, Dependency, "payments")
		time.Sleep(10 * ms)
		e.End(errors.New("refused"))
		bill := l.Close(time.Now())
		assert.Equal(t, bill.String(), "queue=2ms database=12ms*3 payments=10ms!1 own=1ms left=4975ms")
		assert.Equal(t, bill.Total, 25*ms)
	})
}

// Concurrent children: the time is counted once, however many share it.
func TestOwnWorkIsWhatNoWaitCovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		time.Sleep(5 * ms)
		var children sync.WaitGroup
		for i := range 10 {
			children.Go(func() {
				e := Charge(ctx, Dependency, fmt.Sprint("shard", i%2))
				defer e.End(nil)
				time.Sleep(time.Duration(i+1) * ms)
			})
		}
		children.Wait()
		time.Sleep(3 * ms)
		bill := l.Close(time.Now())
		assert.Equal(t, bill.Total, 18*ms)
		assert.Equal(t, bill.Own, 8*ms)
		assert.True(t, strings.Contains(bill.String(), "shard0=9ms*5"), "%s", bill)
		assert.True(t, strings.Contains(bill.String(), "shard1=10ms*5"), "%s", bill)
	})
}

func TestWaitsThatOverlapAndNest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		a := Charge(ctx, Dependency, "a") // 0..20
		time.Sleep(10 * ms)
		b := Charge(ctx, Dependency, "b") // 10..40
		time.Sleep(10 * ms)
		a.End(nil)
		time.Sleep(20 * ms)
		b.End(nil)
		time.Sleep(5 * ms) // own
		call := Charge(ctx, Dependency, "c")
		for n := range 3 { // 45..60 with pauses, which are not own work
			e := call.Attempt(n)
			time.Sleep(3 * ms)
			e.End(errors.New("no"))
			time.Sleep(2 * ms)
		}
		call.End(nil)
		bill := l.Close(time.Now())
		assert.Equal(t, bill.String(), "a=20ms b=30ms c=15ms c#0=3ms!1 c#1=3ms!1 c#2=3ms!1 own=5ms")
	})
}

func TestAnAttemptThatWasTheOnlyOneIsNotShownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		call := Charge(ctx, Dependency, "payments")
		e := call.Attempt(0)
		time.Sleep(ms)
		e.End(nil)
		call.End(nil)
		assert.Equal(t, l.Close(time.Now()).String(), "payments=1ms own=0ms")
	})
}

func TestWhatIsUnderWayAtTheEndIsCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 50*ms)
		time.Sleep(10 * ms)
		e := Charge(ctx, Dependency, "payments")
		time.Sleep(20 * ms)
		so := l.Bill(time.Now())
		assert.Equal(t, so.String(), "payments=20ms~ own=10ms left=20ms")
		time.Sleep(20 * ms)
		bill := l.Close(time.Now())
		const want = "payments=40ms~ own=10ms left=0ms"
		assert.Equal(t, bill.String(), want)

		// The handler outlived its request.
		time.Sleep(time.Second)
		e.End(errors.New("late"))
		Charge(ctx, Database, "").End(nil)
		e.Attempt(1).End(nil)
		l.Enter(Queue, "", time.Second)
		assert.True(t, l.Close(time.Now()) == bill)
		assert.Equal(t, bill.String(), want)
	})
}

func TestMoreLinesThanThereIsRoomForAreSummed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		for i := range 100 {
			e := Charge(ctx, Dependency, fmt.Sprint("d", i))
			attempt := e.Attempt(0)
			time.Sleep(ms)
			attempt.End(nil)
			e.End(errors.New("no"))
		}
		bill := l.Close(time.Now())
		assert.Equal(t, bill.Own, 0)
		var wall time.Duration
		var calls, failed uint32
		for line := range bill.Lines {
			if _, attempt := line.Attempt(); !attempt {
				wall, calls, failed = wall+line.Wall, calls+line.Count, failed+line.Failed
			}
		}
		assert.Equal(t, wall, 100*ms)
		assert.Equal(t, calls, 100)
		assert.Equal(t, failed, 100)
		assert.True(t, strings.Contains(bill.String(), " others=94ms*94!94 own=0ms"), "%s", bill)
	})
}

func TestWithoutALedgerNothingHappens(t *testing.T) {
	e := Charge(t.Context(), Dependency, "payments")
	assert.Equal(t, e, Entry{})
	e.Attempt(0).End(nil)
	e.End(nil)
	var l *Ledger
	l.Enter(Queue, "", ms)
	assert.True(t, l.Close(time.Now()) == nil)
	assert.True(t, l.Bill(time.Now()) == nil)
	assert.Equal(t, Attempt(t.Context()), 0)
	assert.Equal(t, Class(t.Context()).String(), "unset")
	assert.Equal(t, testing.AllocsPerRun(100, func() { Charge(context.Background(), Dependency, "payments").End(nil) }), 0)
}

func TestAChargeAllocatesNothing(t *testing.T) {
	var l Ledger
	ctx := l.Open(context.Background(), Terms{})
	assert.Equal(t, testing.AllocsPerRun(1000, func() {
		call := Charge(ctx, Dependency, "payments")
		call.Attempt(0).End(nil)
		call.End(nil)
	}), 0)
}

func TestEndingTwiceTakesNothingFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := opened(t, 0)
		e := Charge(ctx, Wait, "lock")
		time.Sleep(ms)
		e.End(nil)
		e.End(nil)
		time.Sleep(ms)
		assert.Equal(t, l.Close(time.Now()).String(), "lock=1ms own=1ms")
	})
}

// Clocks are read before the lock is taken, so charges may be entered out of order.
func TestTimesOutOfOrderAreNotCountedTwice(t *testing.T) {
	arrival := time.Now()
	var l Ledger
	ctx := l.Open(t.Context(), Terms{Arrival: arrival})
	at := func(n int) time.Time { return arrival.Add(time.Duration(n) * ms) }
	a := ChargeAt(ctx, Dependency, "a", at(0))
	a.EndAt(nil, at(10))
	b := ChargeAt(ctx, Dependency, "b", at(9))
	b.EndAt(nil, at(20))
	c := ChargeAt(ctx, Dependency, "c", at(15))
	c.EndAt(nil, at(14))
	d := ChargeAt(ctx, Dependency, "d", at(-5))
	d.EndAt(nil, at(-3))
	bill := l.Close(at(30))
	assert.Equal(t, bill.Own, 10*ms)
	assert.Equal(t, l.Close(at(-1)).Own, 10*ms)
}

func TestNamesAreCleanInEveryLog(t *testing.T) {
	var l Ledger
	ctx := l.Open(t.Context(), Terms{})
	for _, name := range []string{"own", `a="b" c`, "zahlung-ü", strings.Repeat("x", 1000)} {
		Charge(ctx, Dependency, name).End(nil)
	}
	text := l.Bill(time.Now()).String()
	for field := range strings.FieldsSeq(text) {
		if strings.Count(field, "=") != 1 || strings.ContainsAny(field, `"\`) {
			t.Errorf("%q is no name=value", field)
		}
	}
	assert.True(t, strings.HasPrefix(text, "dependency:own="), "%s", text)
	assert.AtMost(t, len(text), 250)
}

func TestMillisecondsSayThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 42 * time.Microsecond: "0.042ms", ms: "1ms", 1234 * time.Microsecond: "1.23ms", 30149 * time.Microsecond: "30.1ms",
		4950999 * time.Microsecond: "4950ms", -ms: "0ms", 999999: "0.999ms",
	} {
		assert.Equal(t, string(appendMilliseconds(nil, d)), want)
	}
}

func TestLedgerIsConcurrent(t *testing.T) {
	var l Ledger
	ctx := l.Open(t.Context(), Terms{})
	var children sync.WaitGroup
	for i := range 8 {
		children.Go(func() {
			for n := range 200 {
				call := Charge(ctx, Kind(i%3)+Dependency, fmt.Sprint("d", n%20))
				call.Attempt(n % 3).End(nil)
				call.End(nil)
				if n == 100 {
					_ = l.Bill(time.Now())
				}
			}
		})
	}
	bill := l.Close(time.Now().Add(time.Millisecond))
	_ = bill.String() // does not race with who goes on
	children.Wait()
	assert.True(t, bill.Own >= 0 && bill.Own <= bill.Total)
}

// A page that is used again holds nothing of another request, and who outlived that does not reach it.
func TestLinesThatAreLentAreGivenBackClean(t *testing.T) {
	b := NewBook()
	now := time.Now()
	var first, second Ledger
	ctx := b.Open(t.Context(), &first, Terms{Arrival: now})
	call := ChargeAt(ctx, Dependency, "payments", now)
	first.Free() // not closed: nothing happens
	bill := first.Close(now.Add(ms))
	assert.Equal(t, bill.String(), "payments=1ms~ own=0ms")
	page := bill.page
	first.Free()
	first.Free()
	assert.Equal(t, page.lines, [maxLines + 1]Line{})
	assert.Equal(t, bill.String(), "own=0ms")

	second.book, second.bill.page = b, page // as the pool does, most of the time
	ctx = second.Open(t.Context(), Terms{Arrival: now})
	ChargeAt(ctx, Database, "", now).EndAt(nil, now.Add(ms))
	call.AttemptAt(1, now).EndAt(errors.New("late"), now)
	call.EndAt(errors.New("late"), now.Add(time.Hour))
	first.Enter(Queue, "", time.Hour)
	assert.Equal(t, second.Close(now.Add(2*ms)).String(), "database=1ms own=1ms")
}

func TestABookLendsWithoutAllocating(t *testing.T) {
	b := NewBook()
	account := b.Account("GET /")
	var l Ledger
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		l = Ledger{}
		now := time.Now()
		ctx := b.Open(context.Background(), &l, Terms{Arrival: now, Deadline: now.Add(time.Second)})
		Charge(ctx, Dependency, "payments").End(nil)
		account.Enter(l.Close(now), Served{At: now})
		l.Free()
	}))
}
