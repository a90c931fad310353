package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// cell is what one contender came to under one load: all windows of it.
type cell struct {
	contender, workload string
	load                float64
	cold                bool
	valid               []window
	thrown              int // windows that did not count
}

// tally is every cell.
type tally []*cell

func tallyOf(windows []window) (t tally) {
	for _, w := range windows {
		c := t.find(w.Contender, w.Workload, w.Load, w.Cold)
		if c == nil {
			c = &cell{contender: w.Contender, workload: w.Workload, load: w.Load, cold: w.Cold}
			t = append(t, c)
		}
		if w.Invalid != "" {
			c.thrown++
			continue
		}
		c.valid = append(c.valid, w)
	}
	return t
}

func (t tally) find(contender, workload string, load float64, cold bool) *cell {
	for _, c := range t {
		if c.contender == contender && c.workload == workload && c.load == load && c.cold == cold {
			return c
		}
	}
	return nil
}

// spread is the median of some values with the least and the most of them.
type spread struct{ least, median, most float64 }

// of is the spread of a figure over the windows that count; false: there is none.
func (c *cell) of(figure func(window) float64) (spread, bool) {
	if c == nil || len(c.valid) == 0 {
		return spread{}, false
	}
	values := make([]float64, len(c.valid))
	for i, w := range c.valid {
		values[i] = figure(w)
	}
	slices.Sort(values)
	n := len(values)
	return spread{values[0], (values[(n-1)/2] + values[n/2]) / 2, values[n-1]}, true
}

// figure is a column of the tables.
type figure struct {
	name   string
	of     func(window) float64
	digits int
}

func percent(name string, of func(score) float64) figure {
	return figure{name + " %", func(w window) float64 { return 100 * of(w.Score) }, 1}
}

// figures are the columns for a workload.
func figures(w workload) []figure {
	switch w.Name {
	case flood().Name:
		return []figure{percent("light tenants", func(s score) float64 { return s.Light }), percent("goodput", func(s score) float64 { return s.Goodput })}
	case stalled().Name:
		return []figure{percent("before", func(s score) float64 { return s.Before }), percent("from 1 s after", func(s score) float64 { return s.After })}
	}
	return []figure{
		percent("goodput", func(s score) float64 { return s.Goodput }),
		percent("critical", func(s score) float64 { return s.Critical }),
		percent("late", func(s score) float64 { return s.Late }),
		percent("p99 / deadline", func(s score) float64 { return float64(s.P99) / float64(w.Budget) }),
		{"low refusal p99, ms", func(x window) float64 { return ms(x.Score.Refusal) }, 1},
	}
}

// String is the median, with the spread where there are several windows.
func (f figure) String(c *cell) string {
	s, ok := c.of(f.of)
	switch {
	case !ok:
		return "-"
	case s.least == s.most:
		return fmt.Sprintf("%.*f", f.digits, s.median)
	default:
		return fmt.Sprintf("%.*f (%.*f to %.*f)", f.digits, s.median, f.digits, s.least, f.digits, s.most)
	}
}

// table is a workload's, in Markdown.
func (t tally) table(w workload, order []string) string {
	var rows [][]string
	head := []string{"load", "", "windows"}
	for _, f := range figures(w) {
		head = append(head, f.name)
	}
	cells := slices.DeleteFunc(slices.Clone(t), func(c *cell) bool { return c.workload != w.Name })
	slices.SortStableFunc(cells, func(a, b *cell) int {
		return cmp.Or(btoi(b.cold)-btoi(a.cold), cmp.Compare(a.load, b.load),
			slices.Index(order, a.contender)-slices.Index(order, b.contender))
	})
	for _, c := range cells {
		times := fmt.Sprintf("%gx", c.load)
		if c.cold {
			times += ", first " + coldLength.String()
		}
		counted := fmt.Sprint(len(c.valid))
		if c.thrown > 0 {
			counted += fmt.Sprintf(", %d thrown away", c.thrown)
		}
		row := []string{times, c.contender, counted}
		for _, f := range figures(w) {
			row = append(row, f.String(c))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return ""
	}
	return "### " + w.title() + "\n\n" + markdown(head, rows) + "\n"
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// markdown is a table whose columns are aligned for people, too.
func markdown(head []string, rows [][]string) string {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, text := range row {
			width[i] = max(width[i], len(text))
		}
	}
	var b strings.Builder
	line := func(row []string) {
		for i, text := range row {
			fmt.Fprintf(&b, "| %-*s ", width[i], text)
		}
		b.WriteString("|\n")
	}
	line(head)
	for _, n := range width {
		b.WriteString("|" + strings.Repeat("-", n+2))
	}
	b.WriteString("|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

// worst is the worst median of a figure over some cells: the least, or the most
// when more is worse. NaN: there is none.
func worst(cells []*cell, of func(window) float64, moreIsWorse bool) (worst float64, where *cell) {
	worst = math.NaN()
	for _, c := range cells {
		if s, ok := c.of(of); ok && (where == nil || moreIsWorse == (s.median > worst) && s.median != worst) {
			worst, where = s.median, c
		}
	}
	return worst, where
}
