package main

import (
	"fmt"
	"math"
	"strings"
)

// named is the table of the named scenarios.
func (b book) named() string {
	var t strings.Builder
	columns := []string{"goodput", "cold", "recovery", "critical", "light", "jain", "requests", "late", "p99/budget", "wasted", "inversion", "moved"}
	fmt.Fprintf(&t, "## Named scenarios: median / worst seed, %%\n\n| scenario | %s | low refusal p99, ms |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)+1))
	for _, s := range standard() {
		fmt.Fprintf(&t, "| %s |", s.name)
		for _, figure := range columns {
			fmt.Fprintf(&t, " %s |", b.cell(false, s.name, ours, figure, 0))
		}
		fmt.Fprintf(&t, " %s |\n", b.refusal(s.name))
	}
	t.WriteString("\n*light*: of the light tenants' requests, served. *jain*: fairness between tenants. *requests*: beside a backlog of jobs, requests\nserved of what is possible without it. *wasted*: admitted work that ended too late, of all requests that came, in the trouble as well.\n*inversion*: critical requests that were refused and overtaken by a lower class that came later. *moved*: by how much the mean limit of 2 s\ndiffers from that of the 2 s before; the limit always alternates between two values, so the row without pauses is what to compare with.\n")
	return t.String()
}

// opponents sets all side by side.
func (b book) opponents() string {
	var t strings.Builder
	t.WriteString("## The same for all: median of goodput (critical served), %\n\n| scenario |")
	for _, c := range everybody() {
		fmt.Fprintf(&t, " %s |", c.name)
	}
	fmt.Fprintf(&t, "\n|---|%s\n", strings.Repeat("---|", len(everybody())))
	for _, s := range standard() {
		fmt.Fprintf(&t, "| %s |", s.name)
		for _, c := range everybody() {
			fmt.Fprintf(&t, " %s (%s) |", number(b.median(s.name, c.name, "goodput")), number(b.median(s.name, c.name, "critical")))
		}
		t.WriteString("\n")
	}
	return t.String()
}

func number(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.1f", v)
}

// drawn is the table of the scenarios drawn by seed.
func (b book) drawn() string {
	var t strings.Builder
	t.WriteString("## Scenarios drawn by seed: median / worst decile, %\n\nCapacity 1 to 512 slots, work 0.2 to 500 ms, CV 0 to 4, a quarter bimodal, load 0.3 to 20, steady, stepped, ramped or slowed; at most\n5,000 requests a second. The last column: scenarios in which plimsoll had more goodput.\n\n| | scenarios | goodput | critical | late | p99 / budget | behind |\n|---|---|---|---|---|---|---|\n")
	for _, c := range everybody() {
		fmt.Fprintf(&t, "| %s | %d |", c.name, len(b.values(true, "", c.name, "goodput")))
		for _, figure := range []string{"goodput", "critical", "late", "p99/budget"} {
			fmt.Fprintf(&t, " %s |", b.cell(true, "", c.name, figure, 0.1))
		}
		fmt.Fprintf(&t, " %d |\n", b.behind(c.name))
	}
	return t.String()
}

// behind is in how many drawn scenarios a contender had less goodput than ours.
func (b book) behind(contender string) (n int) {
	of := func(who string) map[string]float64 {
		all := map[string]float64{}
		for _, l := range b.lines {
			if l.Drawn && l.Contender == who && l.Figures[0] != nil {
				all[l.Scenario] = *l.Figures[0]
			}
		}
		return all
	}
	theirs := of(contender)
	for scenario, goodput := range of(ours) {
		if other, ok := theirs[scenario]; ok && other < goodput {
			n++
		}
	}
	return n
}

// ablated is the table of what each part is worth.
func (b book) ablated() string {
	var t strings.Builder
	scenarios := []string{"S1 BDP 16, 10x", "S2 cold into 2x, BDP 128", "S3 BDP 1, 2x", "S3 BDP 2, 10x", "S4 4x slower, 0.7x", "S5 bimodal, 2x", "outage: 10 s at twice the budget", "one tenant floods, 3x"}
	fmt.Fprintf(&t, "## What each part is worth\n\nMedian goodput (critical, late) in %% without it; seeds %s.\n\n| | %s | cold start | outage: wasted | flood: light tenants |\n|---|%s\n", b.seeds(false, "no-queue"), strings.Join(scenarios, " | "), strings.Repeat("---|", len(scenarios)+3))
	for _, c := range append([]contender{{name: ours}}, ablations()...) {
		fmt.Fprintf(&t, "| %s |", c.name)
		for _, s := range scenarios {
			fmt.Fprintf(&t, " %s (%s, %s) |", number(b.median(s, c.name, "goodput")), number(b.median(s, c.name, "critical")), number(b.median(s, c.name, "late")))
		}
		fmt.Fprintf(&t, " %s | %s | %s |\n", number(b.median(scenarios[1], c.name, "cold")), number(b.median(scenarios[6], c.name, "wasted")), number(b.median(scenarios[7], c.name, "light")))
	}
	return t.String()
}
