package main

import (
	"fmt"
	"math"
	"strings"
)

// aim is a figure that was asked for.
type aim struct {
	what     string
	scenario string // a part of the names; "": all
	figure   string
	end      float64 // 0.5 the median of each scenario, 0 the worst seed
	least    bool    // at least; otherwise at most
	value    float64
}

// aims are what was asked of the named scenarios, in percent.
var aims = []aim{
	{"S1 to S7: median of goodput", "S", "goodput", 0.5, true, 97},
	{"S1 to S7: goodput of the worst seed", "S", "goodput", 0, true, 93},
	{"critical served where it fits, median", "S", "critical", 0.5, true, 99},
	{"cold into 2x at BDP 128, first 2 s", "S2", "cold", 0.5, true, 85},
	{"BDP 1 and 2", "S3", "goodput", 0.5, true, 95},
	{"latency x3 at unchanged capacity", "S7", "goodput", 0.5, true, 97},
	{"metastability: of what is offered in the first second after", "meta", "recovery", 0.5, true, 99},
	{"flood of 90 %: light tenants", "floods", "light", 0.5, true, 99},
	{"flood of 90 %: Jain's index", "floods", "jain", 0.5, true, 95},
	{"p99 of admitted, of the budget", "S", "p99/budget", 0.5, false, 60},
	{"class inversion", "S", "inversion", 0.5, false, 0.5},
	{"outage: wasted, of all requests", "outage", "wasted", 0.5, false, 5},
	{"outage: goodput from 1 s after on", "outage", "recovery", 0.5, true, 97},
	{"requests beside a backlog of jobs", "backlog", "requests", 0.5, true, 99},
	{"half of the clients leave at mid-work: goodput", "leave", "goodput", 0.5, true, 97},
}

// asked says what became of what was asked.
func (b book) asked() string {
	var t strings.Builder
	t.WriteString("## Against what was asked\n\n| asked | the worst scenario | |\n|---|---|---|\n")
	for _, a := range aims {
		worst, where := math.NaN(), ""
		for _, s := range standard() {
			values := b.values(false, s.name, ours, a.figure)
			if !strings.Contains(s.name, a.scenario) || a.scenario == "S" && s.name[0] != 'S' || len(values) == 0 {
				continue
			}
			v := 100 * quantile(values, a.end)
			if math.IsNaN(worst) || a.least == (v < worst) {
				worst, where = v, s.name
			}
		}
		sign := "≤"
		if a.least {
			sign = "≥"
		}
		fmt.Fprintf(&t, "| %s %s %v %% | %s (%s) | %s |\n", a.what, sign, a.value, number(worst), where, verdict(a.least == (worst >= a.value) || worst == a.value))
	}
	b.ahead(&t)
	return t.String()
}

// ahead compares with the opponents in the drawn scenarios.
func (b book) ahead(t *strings.Builder) {
	for _, q := range []struct {
		what, figure string
		end, least   float64
	}{
		{"drawn scenarios: median of goodput", "goodput", 0.5, 97},
		{"drawn scenarios: worst decile of goodput", "goodput", 0.1, 90},
		{"drawn scenarios: median of critical served", "critical", 0.5, 0},
		{"drawn scenarios: worst decile of critical served", "critical", 0.1, 0},
	} {
		own := 100 * quantile(b.values(true, "", ours, q.figure), q.end)
		best, who := 0.0, ""
		for _, c := range everybody() {
			if v := 100 * quantile(b.values(true, "", c.name, q.figure), q.end); c.name != ours && v >= best {
				best, who = v, c.name
			}
		}
		fmt.Fprintf(t, "| %s ≥ %v %%, and ahead of every opponent | %s, the best opponent %s (%s) | %s |\n", q.what, q.least, number(own), number(best), who, verdict(own >= q.least && own > best))
	}
	control := b.median("meta: 8 s of 4x slower, 3 attempts", "nothing", "recovery")
	fmt.Fprintf(t, "| metastability: without a limit there is no recovery | %s | %s |\n", number(control), verdict(control < 90))
}

func verdict(held bool) string {
	if held {
		return "held"
	}
	return "**missed**"
}
