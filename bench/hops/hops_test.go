package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatIsKnownIsMeasured(t *testing.T) {
	for _, c := range []struct {
		who    string
		lowest float64
		most   float64
	}{{"net/http", 1, 1}, {"net/http, 3 attempts", 2.98, 3}} {
		i := slices.IndexFunc(contenders(), func(k contender) bool { return k.name == c.who })
		s := shape{name: "test", hops: 1, width: 1, rate: 10, compared: true}
		f := inBubble(t, plan{s, faults()[0], contenders()[i], 1})
		if f.amplification < c.lowest || f.amplification > c.most {
			t.Errorf("%s: %s", c.who, f)
		}
		if f.good != 1 || f.recovered != 1 || f.lateStarts != 0 || f.zombies != 0 {
			t.Errorf("%s: %s", c.who, f)
		}
	}
}

func TestLateWorkIsSeen(t *testing.T) {
	s := shape{name: "test", hops: 2, width: 1, rate: 2}
	f := inBubble(t, plan{s, faults()[slices.Index(faultNames(), hung)], contenders()[4], 1})
	if f.lateStarts == 0 || f.zombies < 0.5 || f.p99 < time.Second {
		t.Errorf("three attempts of as long as a request may take: %s", f)
	}
}

func TestARunDependsOnItsSeedAlone(t *testing.T) {
	s := shape{name: "test", hops: 1, width: 3, rate: 5}
	run := func(seed uint64) figures {
		return inBubble(t, plan{s, faults()[len(faults())-1], contenders()[5], seed})
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("the same seed: %s and %s", a, b)
	}
	if a, b := run(1), run(2); a == b {
		t.Errorf("two seeds: %s", a)
	}
}

func TestVerdictsFollowTheFigures(t *testing.T) {
	chain := shapes()[slices.IndexFunc(shapes(), func(s shape) bool { return s.name == threeHops })]
	var held, missed table
	for _, f := range faults() {
		held.add(plan{chain, f, contenders()[0], 1}, figures{amplification: 1.3, recovered: 1, firstSecond: 1})
		missed.add(plan{chain, f, contenders()[0], 1}, figures{amplification: 1.32, recovered: 0.98, firstSecond: 1.3})
	}
	if text := held.verdicts(); strings.Contains(text, "missed") || !strings.Contains(text, "| at most 1.310 | 1.300 | 3 hops, fast failures | held |") {
		t.Errorf("held:\n%s", text)
	}
	text := missed.verdicts()
	if n := strings.Count(text, "**missed**"); n != 3 {
		t.Errorf("%d missed, want 3:\n%s", n, text)
	}
	if !strings.Contains(text, "| calls a request, 100 % failures, 1 hop | at most 1.110 | - | - | not run |") {
		t.Errorf("what was not run:\n%s", text)
	}
}

func TestTablesHaveARowForEverybody(t *testing.T) {
	var results table
	for _, c := range contenders() {
		results.add(plan{shapes()[0], faults()[0], c, 1}, figures{amplification: 1})
	}
	text := results.beside(oneHop, amplification, high("%.2f"))
	for _, c := range contenders() {
		if !strings.Contains(text, "| "+c.name+" | 1.00 / 1.00 | - |") {
			t.Errorf("%s is missing:\n%s", c.name, text)
		}
	}
}
