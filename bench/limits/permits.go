package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"
	"github.com/zeromicro/go-zero/core/load"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// pair is one way to take a permit and to give it back.
type pair struct {
	name string
	once func()
}

// The pairs that the others are compared with.
const (
	atomicPair = iota
	clockPair
	ownFixed
	ownAdaptive
)

// pairs are all of them. None of the limits is reached, and no gate is open.
func pairs() ([]pair, error) {
	fixed, err := admission.New(admission.Config{Mode: admission.Fixed})
	if err != nil {
		return nil, err
	}
	adaptive, err := admission.New(admission.Config{Mode: admission.Adaptive})
	if err != nil {
		return nil, err
	}
	load.DisableLog()
	var (
		ctx      = context.Background()
		n        atomic.Uint64
		epoch    = time.Now()
		failsafe = adaptivelimiter.NewWithDefaults[any]()
		gozero   = load.NewAdaptiveShedder()
		aegis    = bbr.NewLimiter()
	)
	acquire := func(c *admission.Controller) func() {
		return func() {
			p, err := c.Acquire(ctx, route.Critical)
			must(err)
			p.Release(admission.Success)
		}
	}
	return []pair{
		atomicPair: {"two atomic additions", func() { n.Add(1); n.Add(^uint64(0)) }},
		clockPair: {"two looks at the clock", func() {
			if first := time.Since(epoch); time.Since(epoch) < first {
				panic("the clock went backwards")
			}
		}},
		ownFixed:    {"admission, fixed", acquire(fixed)},
		ownAdaptive: {"admission, adaptive", acquire(adaptive)},
		{"failsafe-go", func() {
			p, ok := failsafe.TryAcquirePermit()
			if !ok {
				panic("failsafe-go refused")
			}
			p.Record()
		}},
		{"go-zero", func() {
			p, err := gozero.Allow()
			must(err)
			p.Pass()
		}},
		{"aegis", func() {
			done, err := aegis.Allow()
			must(err)
			done(ratelimit.DoneInfo{})
		}},
	}, nil
}

func must(err error) {
	if err != nil {
		panic("refused although nothing is out: " + err.Error())
	}
}

// cost is what a pair took, round by round.
type cost struct {
	name      string
	alone     []float64 // ns, one goroutine
	contended []float64 // ns, of each of two goroutines
	allocs    float64
}

const pairsARound = 20_000

// measurePermits has all pairs take turns.
func measurePermits(rounds int) ([]cost, error) {
	all, err := pairs()
	if err != nil {
		return nil, err
	}
	costs := make([]cost, len(all))
	for i, p := range all {
		costs[i] = cost{name: p.name, allocs: testing.AllocsPerRun(1000, p.once)}
		timed(1, p.once) // a warm-up that does not count
	}
	for round := range rounds {
		for k := range all {
			i := (round + k) % len(all) // whoever came first comes last
			costs[i].alone = append(costs[i].alone, timed(1, all[i].once))
			costs[i].contended = append(costs[i].contended, timed(2, all[i].once))
		}
	}
	return costs, nil
}

// timed is how long one call takes in ns while so many goroutines call.
func timed(goroutines int, once func()) float64 {
	runtime.GC()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range goroutines {
		wg.Go(func() {
			<-begin
			for range pairsARound {
				once()
			}
		})
	}
	start := time.Now()
	close(begin)
	wg.Wait()
	return float64(time.Since(start).Nanoseconds()) / pairsARound
}

// String is for failures.
func (c cost) String() string {
	return fmt.Sprintf("%s: %v, %v allocations", c.name, c.alone, c.allocs)
}
