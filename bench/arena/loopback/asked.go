package main

import (
	"fmt"
	"slices"
)

// target is what was asked for, to be compared with what is.
type target struct {
	asked     string
	of        func(window) float64
	bound     float64
	atMost    bool // the bound is the most that it may be, else the least
	applies   func(*cell) bool
	contender string // "": Plimsoll's
	unit      string
}

// ours are Plimsoll's contenders: admission alone, and a whole service.
var ours = []string{"plimsoll", "service"}

// targets are all of them.
func targets() []target {
	goodput := func(w window) float64 { return 100 * w.Score.Goodput }
	in := func(names ...string) func(*cell) bool {
		return func(c *cell) bool { return !c.cold && slices.Contains(names, c.workload) }
	}
	loaded := in("io", "cold", "cpu")
	return []target{
		{asked: "I/O-bound: goodput of at least 97 % of capacity at 1.5x to 10x", of: goodput, bound: 97, applies: in("io"), unit: "%"},
		{asked: "started cold: the same from 2 s on", of: goodput, bound: 97, applies: in("cold"), unit: "%"},
		{asked: "CPU-bound: goodput of at least 95 % of the bound at 2x to 10x", of: goodput, bound: 95, applies: in("cpu"), unit: "%"},
		{asked: "p99 of admitted at most 60 % of the deadline", bound: 60, atMost: true, applies: loaded, unit: "%",
			of: func(w window) float64 { return 100 * ms(w.Score.P99) / ms(budgetOf(w.Workload)) }},
		{asked: "refusals of the lowest class: p99 of at most 20 ms", bound: 20, atMost: true, applies: loaded, unit: "ms",
			of: func(w window) float64 { return ms(w.Score.Refusal) }},
		{asked: "stalled backend: at least 99 % of what is offered, from 1 s after", bound: 99, applies: in(stalled().Name), unit: "%",
			of: func(w window) float64 { return 100 * w.Score.After }},
		{asked: "the unprotected control stays down: less than half of it", bound: 50, atMost: true, applies: in(stalled().Name), contender: "nothing", unit: "%",
			of: func(w window) float64 { return 100 * w.Score.After }},
		{asked: "one tenant floods: light tenants get at least 99 %", bound: 99, applies: in(flood().Name), unit: "%",
			of: func(w window) float64 { return 100 * w.Score.Light }},
	}
}

// verdict is one line of the comparison.
func (t tally) verdict(a target, contender string) []string {
	cells := slices.DeleteFunc(slices.Clone(t), func(c *cell) bool { return c.contender != contender || !a.applies(c) })
	value, where := worst(cells, a.of, a.atMost)
	if where == nil {
		return []string{a.asked, contender, "not measured", ""}
	}
	word := "held"
	if a.atMost && value > a.bound || !a.atMost && value < a.bound {
		word = "**missed**"
	}
	return []string{a.asked, contender, fmt.Sprintf("%.1f %s (%s %gx)", value, a.unit, where.workload, where.load), word}
}

// compared is the table of what was asked and what is: the worst median of all
// loads.
func (t tally) compared() string {
	var rows [][]string
	for _, a := range targets() {
		who := ours
		if a.contender != "" {
			who = []string{a.contender}
		}
		for _, contender := range who {
			rows = append(rows, t.verdict(a, contender))
		}
	}
	return markdown([]string{"asked", "", "is", ""}, rows)
}
