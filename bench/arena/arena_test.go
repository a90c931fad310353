package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
)

func TestBackendServesInOrderAndAtItsSpeed(t *testing.T) {
	b := newBackend(scenario{slots: 2, pipe: ms, work: work(10 * ms), parts: []part{
		{length: 100 * ms}, {length: 100 * ms, slow: 4}, {length: 50 * ms, frozen: true}, {length: time.Second, pipe: 5 * ms},
	}})
	for i, want := range []time.Duration{11 * ms, 11 * ms, 21 * ms, 21 * ms} { // two at a time
		if got := b.submit(0, 10*ms); got != want {
			t.Errorf("request %d: done at %v, want %v", i, got, want)
		}
	}
	for _, c := range []struct{ start, work, want time.Duration }{
		{0, 100 * ms, 100 * ms},
		{90 * ms, 20 * ms, 140 * ms},                   // half of it four times slower
		{190 * ms, 10 * ms, 257500 * time.Microsecond}, // 2.5 ms done, then frozen
		{2 * time.Second, 10 * ms, 2010 * ms},          // after the end
	} {
		if got := b.finish(c.start, c.work); got != c.want {
			t.Errorf("%v from %v: done at %v, want %v", c.work, c.start, got, c.want)
		}
	}
}

func TestDistributionHasItsMeanAndSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range []distribution{{average: ms}, {average: ms, cv: 0.5}, {average: ms, cv: 2}, {average: ms, cv: 0.3, tail: 0.2, tailAverage: 20 * ms}} {
		const n = 400_000
		sum := time.Duration(0)
		for range n {
			sum += d.draw(rng)
		}
		if off := float64(sum)/n/float64(d.mean()) - 1; math.Abs(off) > 0.03 {
			t.Errorf("%+v: the mean is off by %.1f %%", d, 100*off)
		}
	}
}

// What is below the capacity is all served by nobody at all, and what is above
// it by a limit; without one, next to nothing is.
func TestTheFloorAndTheCeiling(t *testing.T) {
	low, high := steady("", 8, work(10*ms), 100*ms, 0.6), steady("", 8, work(10*ms), 100*ms, 3)
	if r := bubble(t, low, func(scenario) peers.Limiter { return peers.Nothing{} }); r.goodput < 0.99 || r.late > 0.01 {
		t.Errorf("below capacity: %v", r)
	}
	if r := bubble(t, high, newFixed); r.goodput < 0.97 || r.goodput > 1.03 {
		t.Errorf("with a limit: %v", r)
	}
	if r := bubble(t, high, func(scenario) peers.Limiter { return peers.Nothing{} }); r.goodput > 0.2 {
		t.Errorf("without a limit: %v", r)
	}
}

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	a, b := draw(5, 3), draw(5, 3)
	for i := range a {
		if a[i].name != b[i].name || a[i].length() != b[i].length() {
			t.Errorf("%q and %q", a[i].name, b[i].name)
		}
	}
	s := steady("", 4, work(10*ms), 100*ms, 2)
	if x, y := bubble(t, s, newFixed), bubble(t, s, newFixed); x.goodput != y.goodput {
		t.Errorf("goodput %v and %v", x.goodput, y.goodput)
	}
}

func TestClientsTryAgain(t *testing.T) {
	s := metastable("", 50)
	alone := bubble(t, s, func(scenario) peers.Limiter { return peers.Nothing{} })
	if alone.recovery > 0.9 {
		t.Errorf("the unprotected control recovered: %v", alone.recovery)
	}
}

func TestDrawnScenariosAreWithinTheirBounds(t *testing.T) {
	for _, s := range draw(300, 9) {
		sum := 0.0
		for _, share := range s.classes {
			sum += share
		}
		if s.slots < 1 || s.slots > 512 || s.capacity() > mostCapacity || math.Abs(sum-1) > 1e-9 || s.length() < 12*time.Second {
			t.Errorf("%s: %d slots, %v a second, classes %v, %v", s.name, s.slots, s.capacity(), s.classes, s.length())
		}
	}
}

func TestEveryContenderHasANameOfItsOwn(t *testing.T) {
	var names []string
	for _, c := range append(everybody(), ablations()...) {
		if slices.Contains(names, c.name) {
			t.Errorf("two contenders are called %s", c.name)
		}
		names = append(names, c.name)
		s := steady("", 4, work(10*ms), 100*ms, 0.5)
		s.parts = []part{{length: 2 * time.Second, load: 0.5}}
		if r := bubble(t, s, c.make); r.goodput < 0.2 {
			t.Errorf("%s: %v below capacity", c.name, r)
		}
	}
}

func bubble(t *testing.T, s scenario, make func(scenario) peers.Limiter) (r result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { r = simulate(s, 1, make) })
	return r
}
