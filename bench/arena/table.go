package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// table keeps results by scenario and contender.
type table struct{ rows []row }

type row struct {
	scenario, contender string
	result              result
}

func (t *table) add(scenario, contender string, r result) {
	t.rows = append(t.rows, row{scenario, contender, r})
}

// of are the values of one figure, lowest first, without those that are none.
func (t *table) of(scenario, contender string, figure func(result) float64) []float64 {
	var values []float64
	for _, r := range t.rows {
		if (scenario == "" || r.scenario == scenario) && r.contender == contender {
			if v := figure(r.result); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
	}
	slices.Sort(values)
	return values
}

// figureOf is a column.
type figureOf struct {
	name   string
	figure func(result) float64
	higher bool // is better
}

// figures are the columns.
var figures = []figureOf{
	{"goodput", func(r result) float64 { return r.goodput }, true},
	{"cold", func(r result) float64 { return r.cold }, true},
	{"recovery", func(r result) float64 { return r.recovery }, true},
	{"critical", func(r result) float64 { return r.critical }, true},
	{"light", func(r result) float64 { return r.light }, true},
	{"jain", func(r result) float64 { return r.jain }, true},
	{"requests", func(r result) float64 { return r.requests }, true},
	{"late", func(r result) float64 { return r.late }, false},
	{"p99/budget", func(r result) float64 { return r.p99 }, false},
	{"wasted", func(r result) float64 { return r.wasted }, false},
	{"inversion", func(r result) float64 { return r.inversion }, false},
	{"moved", func(r result) float64 { return r.moved }, false},
}

// printScenario prints the median and the worst seed of every figure in percent.
func (t *table) printScenario(w io.Writer, scenario string, field []contender) {
	fmt.Fprintf(w, "\n%s (median / worst, %%)\n%-14s", scenario, "")
	for _, f := range figures {
		fmt.Fprintf(w, "%16s", f.name)
	}
	fmt.Fprintf(w, "%18s\n", "low refusal p99")
	for _, c := range field {
		fmt.Fprintf(w, "%-14s", c.name)
		for _, f := range figures {
			fmt.Fprintf(w, "%16s", cell(t.of(scenario, c.name, f.figure), f.higher, 0))
		}
		refusals := t.of(scenario, c.name, func(r result) float64 { return float64(r.refusal) })
		fmt.Fprintf(w, "%18s\n", time.Duration(quantile(refusals, 0.5)).Round(100*time.Microsecond))
	}
}

// printTotal prints the median and the worst decile over everything.
func (t *table) printTotal(w io.Writer, field []contender) {
	fmt.Fprintf(w, "\nall (median / worst decile, %%)\n%-14s", "")
	for _, f := range figures {
		fmt.Fprintf(w, "%16s", f.name)
	}
	fmt.Fprintln(w)
	for _, c := range field {
		fmt.Fprintf(w, "%-14s", c.name)
		for _, f := range figures {
			fmt.Fprintf(w, "%16s", cell(t.of("", c.name, f.figure), f.higher, 0.1))
		}
		fmt.Fprintln(w)
	}
}

// cell is the median and the bad end of the sorted values in percent.
func cell(values []float64, higher bool, end float64) string {
	if len(values) == 0 {
		return "-"
	}
	bad := end
	if !higher {
		bad = 1 - end
	}
	return fmt.Sprintf("%.1f / %.1f", 100*quantile(values, 0.5), 100*quantile(values, bad))
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(math.Round(q*float64(len(sorted)-1)))]
}

func (r result) String() string {
	return fmt.Sprintf("goodput %5.1f critical %5.1f late %5.1f p99 %5.1f refusal %v", 100*r.goodput, 100*r.critical, 100*r.late, 100*r.p99, r.refusal.Round(100*time.Microsecond))
}
