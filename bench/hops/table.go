package main

import (
	"fmt"
	"slices"
	"strings"
)

// table keeps the figures of all runs.
type table struct {
	rows []row
}

type row struct {
	plan    plan
	figures figures
}

func (t *table) add(p plan, f figures) { t.rows = append(t.rows, row{p, f}) }

// cell is what runs of one kind came to, lowest first.
type cell []float64

// of are the values of one figure. An empty shape or fault means all.
func (t *table) of(shape, fault, contender string, figure func(figures) float64) cell {
	var values cell
	for _, r := range t.rows {
		if (shape == "" || r.plan.shape.name == shape) && (fault == "" || r.plan.fault.name == fault) && r.plan.contender.name == contender {
			values = append(values, figure(r.figures))
		}
	}
	slices.Sort(values)
	return values
}

func (c cell) median() float64 { return c[len(c)/2] }

func (c cell) lowest() float64 { return c[0] }

func (c cell) highest() float64 { return c[len(c)-1] }

func (c cell) mean() float64 {
	sum := 0.0
	for _, v := range c {
		sum += v
	}
	return sum / float64(len(c))
}

// grid prints a figure of one contender by shape and fault.
func (t *table) grid(contender string, figure func(figures) float64, print func(cell) string) string {
	var b strings.Builder
	heading(&b, "shape", faultNames())
	for _, s := range shapes() {
		line := []string{s.name}
		for _, f := range faults() {
			line = append(line, shown(t.of(s.name, f.name, contender, figure), print))
		}
		writeLine(&b, line)
	}
	return b.String()
}

// beside prints a figure of all contenders by fault, for one shape.
func (t *table) beside(shape string, figure func(figures) float64, print func(cell) string) string {
	var b strings.Builder
	heading(&b, shape, faultNames())
	for _, c := range contenders() {
		line := []string{c.name}
		for _, f := range faults() {
			line = append(line, shown(t.of(shape, f.name, c.name, figure), print))
		}
		writeLine(&b, line)
	}
	return b.String()
}

// column prints a figure of all contenders for one fault, by shape.
func (t *table) column(fault string, figure func(figures) float64, print func(cell) string) string {
	var b strings.Builder
	var names []string
	for _, s := range shapes() {
		if s.compared {
			names = append(names, s.name)
		}
	}
	heading(&b, fault, names)
	for _, c := range contenders() {
		line := []string{c.name}
		for _, s := range names {
			line = append(line, shown(t.of(s, fault, c.name, figure), print))
		}
		writeLine(&b, line)
	}
	return b.String()
}

func shown(c cell, print func(cell) string) string {
	if len(c) == 0 {
		return "-"
	}
	return print(c)
}

func faultNames() (names []string) {
	for _, f := range faults() {
		names = append(names, f.name)
	}
	return names
}

func heading(b *strings.Builder, first string, columns []string) {
	writeLine(b, append([]string{first}, columns...))
	b.WriteString(strings.Repeat("|---", len(columns)+1) + "|\n")
}

func writeLine(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}
