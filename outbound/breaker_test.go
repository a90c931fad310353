package outbound

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const (
	second      = int64(time.Second)
	millisecond = int64(time.Millisecond)
)

// dependent is what a breaker stands before, by when a call is sent.
type dependent func(at int64) (takes int64, ok bool)

// trial is one that came to a breaker.
type trial struct {
	at     int64
	passed bool
	ok     bool
}

// pending are the answers still to come.
type pending []answerAt

type answerAt struct {
	at     int64
	ticket ticket
	ok     bool
}

func (p pending) Len() int           { return len(p) }
func (p pending) Less(i, k int) bool { return p[i].at < p[k].at }
func (p pending) Swap(i, k int)      { p[i], p[k] = p[k], p[i] }
func (p *pending) Push(x any)        { *p = append(*p, x.(answerAt)) }
func (p *pending) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

// through sends calls through a breaker, in virtual time.
func through(b *breaker, arrivals []int64, dep dependent) []trial {
	var waiting pending
	calls := make([]trial, 0, len(arrivals))
	for _, now := range arrivals {
		for len(waiting) > 0 && waiting[0].at <= now {
			a := heap.Pop(&waiting).(answerAt)
			b.done(a.ticket, a.ok, a.at)
		}
		t, passed := b.allow(now)
		c := trial{at: now, passed: passed}
		if passed {
			takes, ok := dep(now)
			c.ok = ok
			heap.Push(&waiting, answerAt{now + takes, t, ok})
		}
		calls = append(calls, c)
	}
	for len(waiting) > 0 {
		a := heap.Pop(&waiting).(answerAt)
		b.done(a.ticket, a.ok, a.at)
	}
	return calls
}

// evenly are arrivals from one time to another.
func evenly(from, to, every int64) (at []int64) {
	for t := from; t < to; t += every {
		at = append(at, t)
	}
	return at
}

// randomly are arrivals as independent callers make them.
func randomly(r *rand.Rand, from, to int64, perSecond float64) (at []int64) {
	for t := float64(from); t < float64(to); t += r.ExpFloat64() * float64(second) / perSecond {
		at = append(at, int64(t))
	}
	return at
}

// between are the calls of a time, those that passed and those that were good.
func between(calls []trial, from, to int64) (all, passed, good int) {
	for _, c := range calls {
		if c.at < from || c.at >= to {
			continue
		}
		all++
		if c.passed {
			passed++
		}
		if c.passed && c.ok {
			good++
		}
	}
	return all, passed, good
}

func TestBreakerAtEveryRateAndFailure(t *testing.T) {
	for _, every := range []int64{60 * second, 10 * second, second, 100 * millisecond, 10 * millisecond, millisecond, millisecond / 10} {
		for _, fails := range []int64{millisecond, 500 * millisecond, 2 * second} {
			t.Run(fmt.Sprintf("a call every %v failing after %v", time.Duration(every), time.Duration(fails)), func(t *testing.T) {
				outage, heals := 5*max(every, second), 5*max(every, second)+max(5*every, 10*second)
				end := heals + max(10*second, 3*every)
				b := &breaker{random: rand.New(rand.NewPCG(1, uint64(every))).Float64}
				calls := through(b, evenly(every, heals, every), func(at int64) (int64, bool) {
					if at < outage {
						return 5 * millisecond, true
					}
					return fails, false
				})
				assert.NotEqual(t, b.state(heals), BreakerClosed)
				_, passed, _ := between(calls, outage, heals)
				// What came until it had opened, then 7 in the first half second, and then at most ten in three.
				seconds := int((heals - outage) / second)
				assert.AtMost(t, passed, int((fails+second)/every)+3+10+7+seconds*10/3)

				calls = through(b, evenly(heals, end, every), func(int64) (int64, bool) { return 20 * millisecond, true })
				all, _, good := between(calls, heals+2*second, end)
				assert.NotZero(t, all)
				assert.Equal(t, good, all, "2 s after its return")
				assert.Equal(t, b.state(end), BreakerClosed)
			})
		}
	}
}

func TestBreakerLetsNoHerdThrough(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		normal := 50 + 1000*r.Float64() // calls a second
		b := &breaker{random: r.Float64}
		heals := 6*second + int64(r.Float64()*float64(20*second))
		through(b, randomly(r, 0, heals, normal), func(at int64) (int64, bool) { return 10 * millisecond, at < 2*second })
		// Half as many again come as usually do: what had waited for the dependency comes back with what is new.
		calls := through(b, randomly(r, heals, heals+4*second, 1.5*normal), func(int64) (int64, bool) { return 10 * millisecond, true })
		back := heals
		for _, c := range calls {
			if c.passed {
				back = c.at
				break
			}
		}
		_, passed, _ := between(calls, back, back+second)
		assert.AtMost(t, float64(passed), 1.2*normal+3*22, seed) // and thrice a Poisson count's deviation, at 500 a second
		_, first, _ := between(calls, back, back+100*millisecond)
		assert.AtMost(t, float64(first), 0.3*normal*0.1+10, seed)
	}
}

// TestBreakerForgives draws dependencies that come and go, and asks that each time one is back for more than 2 s the
// rest of that time is served.
func TestBreakerForgives(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		rate := 0.05 * pow(2, 15*r.Float64()) // 3 a minute to 1,600 a second
		flaky := 0.03 * r.Float64()           // of the answers fail when all is well
		type phase struct {
			until int64
			up    bool
			takes int64
		}
		var phases []phase
		for at := int64(0); at < 60*second; {
			at += int64(float64(second) * 0.05 * pow(2, 8*r.Float64())) // 50 ms to 13 s
			phases = append(phases, phase{at, len(phases)%2 == 0, int64(float64(millisecond) * pow(2, 11*r.Float64()*r.Float64()))})
		}
		b := &breaker{random: r.Float64}
		end := phases[len(phases)-1].until
		calls := through(b, randomly(r, 0, end, rate), func(at int64) (int64, bool) {
			i := 0
			for at >= phases[i].until {
				i++
			}
			p := phases[i]
			if p.up {
				return min(p.takes, 100*millisecond), r.Float64() >= flaky
			}
			return p.takes, false
		})
		all, passed, began := 0, 0, int64(0)
		for _, p := range phases {
			if p.up {
				a, n, _ := between(calls, began+2*second, p.until)
				all, passed = all+a, passed+n
			}
			began = p.until
		}
		assert.AtMost(t, all-passed, all/100, fmt.Sprintf("seed %d: %d of %d", seed, passed, all))
	}
}

func pow(base, exponent float64) float64 {
	p := 1.0
	for ; exponent >= 1; exponent-- {
		p *= base
	}
	return p * (1 + exponent*(base-1))
}

func TestBreakerStaysClosedForHalfTheAnswers(t *testing.T) {
	for _, rate := range []float64{10, 100, 5000} {
		r := rand.New(rand.NewPCG(3, uint64(rate)))
		b := &breaker{random: r.Float64}
		calls := through(b, randomly(r, 0, 30*second, rate), func(int64) (int64, bool) { return 10 * millisecond, r.Float64() < 0.5 })
		all, passed, _ := between(calls, 0, 30*second)
		assert.Equal(t, passed, all, rate)
	}
}

func TestBreakerOpensWhenOneInTenSucceeds(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	b := &breaker{random: r.Float64}
	calls := through(b, randomly(r, 0, 60*second, 100), func(int64) (int64, bool) { return 10 * millisecond, r.Float64() < 0.1 })
	all, passed, _ := between(calls, 0, 60*second)
	assert.AtMost(t, passed, all/2)
}

func TestBreakerSavesProbesForOneSeldomAsked(t *testing.T) {
	b := &breaker{}
	bursts := func(from, to int64) (at []int64) {
		for ; from < to; from += 60 * second {
			at = append(at, from, from, from, from, from, from)
		}
		return at
	}
	down := through(b, bursts(0, 600*second), func(int64) (int64, bool) { return second, false })
	all, passed, _ := between(down, 0, 600*second)
	assert.Equal(t, passed, all, "six calls a minute are no load")
	assert.Equal(t, b.state(600*second), BreakerHalfOpen)
	up := through(b, bursts(600*second, 720*second), func(int64) (int64, bool) { return second, true })
	_, passed, _ = between(up, 0, 720*second)
	assert.Equal(t, passed, 12)
	assert.Equal(t, b.state(720*second), BreakerClosed)
}

func TestBreakerIsNotStuckOnCallsThatWereGivenUp(t *testing.T) {
	b := open(t)
	now := 10 * second
	probe, ok := b.allow(now)
	assert.True(t, ok)
	b.done(probe, true, now)
	for range 2000 { // none is ever answered for
		now += millisecond
		b.allow(now)
	}
	assert.Equal(t, b.state(now), BreakerHalfOpen)
	for range 5000 {
		now += millisecond
		if t, ok := b.allow(now); ok {
			b.done(t, true, now)
		}
	}
	assert.Equal(t, b.state(now), BreakerClosed)
}

// open is a breaker that opened at 1.5 s.
func open(t *testing.T) *breaker {
	b := &breaker{}
	for now := int64(0); now < 1500*millisecond; now += 10 * millisecond {
		if ticket, ok := b.allow(now); ok {
			b.done(ticket, false, now)
		}
	}
	assert.NotEqual(t, b.state(1500*millisecond), BreakerClosed)
	return b
}

func TestBreakerDoesNotBelieveWhatWasSentBefore(t *testing.T) {
	b := &breaker{}
	before, _ := b.allow(0)
	b.failed.Store(1)
	for range 10 {
		b.done(before, false, second)
	}
	assert.Equal(t, b.state(second), BreakerOpen)
	b.done(before, true, second+1)
	assert.Equal(t, b.state(second+1), BreakerOpen, "an answer from before the outage")
	probe, ok := b.allow(2 * second)
	assert.True(t, ok)
	b.done(probe, true, 2*second)
	for range 100 {
		b.done(probe, false, 2*second+1)
		b.done(before, false, 2*second+1)
	}
	assert.Equal(t, b.state(2*second+1), BreakerHalfOpen, "a probe that was sent before the return")
	back, ok := b.allow(3 * second)
	assert.True(t, ok)
	b.done(back, true, 3*second)
	for now := 3 * second; now < 5*second; now += 10 * millisecond {
		b.done(before, false, now)
	}
	assert.Equal(t, b.state(5*second), BreakerClosed, "calls that ran out of time since the outage")
}

func TestBreakerOpensAgainWhenTheRampFails(t *testing.T) {
	b := open(t)
	now := 10 * second
	probe, _ := b.allow(now)
	b.done(probe, true, now)
	assert.Equal(t, b.state(now), BreakerHalfOpen)
	fails := 0
	for ; now < 11*second; now += millisecond {
		if t, ok := b.allow(now); ok {
			fails++
			b.done(t, false, now)
		}
	}
	assert.AtMost(t, fails, 4+3)
}

func TestBreakerIsQuickAfterAShortOutage(t *testing.T) {
	b := &breaker{random: func() float64 { return 0 }} // the longest pauses
	up := func(at int64) (int64, bool) { return 5 * millisecond, at < 2*second || at >= 3*second }
	calls := through(b, evenly(0, 5*second, 5*millisecond), up)
	all, _, good := between(calls, 3*second, 3400*millisecond)
	assert.AtLeast(t, good, all/3, "it was open for half a second")
	all, _, good = between(calls, 3400*millisecond, 5*second)
	assert.Equal(t, good, all)
}

func TestBreakerStatesHaveNames(t *testing.T) {
	for s, want := range []string{"closed", "half-open", "open", "unknown"} {
		assert.Equal(t, BreakerState(s).String(), want)
	}
}

func TestBreakerInManyHands(t *testing.T) {
	b := &breaker{}
	var hands sync.WaitGroup
	for hand := range int64(8) {
		hands.Go(func() {
			for now := hand; now < 30*second; now += 3 * millisecond {
				if t, ok := b.allow(now); ok {
					b.done(t, now < 5*second || now > 20*second, now)
				}
				b.state(now)
			}
		})
	}
	hands.Wait()
	for now := 31 * second; now < 34*second; now += 10 * millisecond {
		if t, ok := b.allow(now); ok {
			b.done(t, true, now)
		}
	}
	assert.Equal(t, b.state(34*second), BreakerClosed)
}
