package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunsAreToldAsRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs")
	name := standard()[0].name
	for i, goodput := range []float64{0.96, 0.99, 0.98} {
		r := result{goodput: goodput, critical: 1, cold: math.NaN(), recovery: math.NaN(), light: math.NaN(), jain: math.NaN(), requests: math.NaN(), moved: math.NaN()}
		if err := record(path, newLine(false, uint64(7+i), row{name, ours, r})); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := recorded(path)
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	b := book{lines: lines}
	if got := b.cell(false, name, ours, "goodput", 0); got != "98.0 / 96.0" {
		t.Errorf("median and worst: %s", got)
	}
	if got := b.cell(false, name, ours, "cold", 0); got != "-" {
		t.Errorf("no figure: %s", got)
	}
	if got := b.seeds(false, ours); got != "7 to 9" {
		t.Errorf("seeds: %s", got)
	}
	told := b.asked()
	if !strings.Contains(told, "S1 to S7: median of goodput ≥ 97 % | 98.0") || !strings.Contains(told, "held") {
		t.Errorf("what was asked:\n%s", told)
	}
}

func TestJain(t *testing.T) {
	var x extras
	x.tenants = map[uint64]*[2]int{1: {900, 200}, 2: {50, 50}, 3: {50, 50}}
	if got := x.jain(300); math.Abs(got-1) > 1e-9 {
		t.Errorf("everybody has a fair share: %v", got)
	}
	x.tenants = map[uint64]*[2]int{1: {900, 300}, 2: {50, 0}, 3: {50, 0}}
	if got := x.jain(300); math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("one has it all: %v", got)
	}
}
