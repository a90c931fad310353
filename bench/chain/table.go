package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// table is subjects that are asked the same. The first is the floor, the second
// what the others are compared with.
type table struct {
	name     string
	title    string
	subjects []rounds.Subject
}

const compared = 2

func (t *table) measure(plan rounds.Plan, only string) error {
	subjects := t.subjects[:compared:compared]
	for _, s := range t.subjects[compared:] {
		if strings.Contains(s.Name, only) {
			subjects = append(subjects, s)
		}
	}
	rows, err := plan.Interleave(subjects)
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	t.print(subjects, rows)
	return nil
}

func (t *table) print(subjects []rounds.Subject, rows [][]rounds.Sample) {
	width := 0
	for _, s := range subjects {
		width = max(width, utf8.RuneCountInString(s.Name))
	}
	fmt.Printf("\n%s\n%-*s  %7s  %-22s  %8s  %-22s  %7s  %7s\n", t.title, width, "",
		"CPU µs", "times bare (quartiles)", "added µs", "wall, times bare", "allocs", "bytes")
	floor := rows[0]
	bare := rounds.ServerCPU(rows[1], floor)
	bareWall := rounds.Values(rows[1], wall)
	for i, s := range subjects {
		cpu := rounds.ServerCPU(rows[i], floor)
		added := make([]float64, len(cpu))
		for n := range cpu {
			added[n] = cpu[n] - bare[n]
		}
		fmt.Printf("%-*s  %7.2f  %-22s  %+8.2f  %-22s  %7.1f  %7.0f\n", width, s.Name,
			rounds.SpreadOf(cpu).Median, text(rounds.Ratios(cpu, bare)), rounds.SpreadOf(added).Median,
			text(rounds.Ratios(rounds.Values(rows[i], wall), bareWall)),
			median(rows[i], allocs), median(rows[i], bytes))
	}
}

func wall(s rounds.Sample) float64   { return s.Wall }
func allocs(s rounds.Sample) float64 { return s.Allocs }
func bytes(s rounds.Sample) float64  { return s.Bytes }

func median(row []rounds.Sample, of func(rounds.Sample) float64) float64 {
	return rounds.SpreadOf(rounds.Values(row, of)).Median
}

func text(ratios []float64) string {
	s := rounds.SpreadOf(ratios)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Low, s.High)
}
