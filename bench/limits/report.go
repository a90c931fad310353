package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// What was asked.
const (
	atMostPairs   = 3.0 // times two atomic additions, less the clock
	atMostRefusal = 1.2 // times a bare handler's
)

// overPairs is what a permit takes beside the clock, as a multiple of two atomic
// additions, round by round.
func overPairs(costs []cost, own int) []float64 {
	net := make([]float64, len(costs[own].alone))
	for i := range net {
		net[i] = costs[own].alone[i] - costs[clockPair].alone[i]
	}
	return rounds.Ratios(net, costs[atomicPair].alone)
}

// report is everything, in Markdown.
func report(plan rounds.Plan, costs []cost, refusals []refusal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## What admission costs\n\n%s\n\n%s\n\n", rounds.Machine(), versions())
	fmt.Fprintf(&b, "%d rounds, turn by turn; medians, with the quartiles. Refusals: rounds of %v over %d keep-alive loopback connections.\n\n",
		plan.Rounds, plan.Length, plan.Connections)
	b.WriteString("| asked | | is | |\n|---|---|---|---|\n")
	for _, own := range []int{ownFixed, ownAdaptive} {
		line(&b, fmt.Sprintf("Acquire and Release less two looks at the clock: at most %g times two atomic additions", atMostPairs),
			costs[own].name, rounds.SpreadOf(overPairs(costs, own)), atMostPairs)
	}
	for _, own := range []int{ownFixed, ownAdaptive} {
		fmt.Fprintf(&b, "| no allocation | %s | %g | %s |\n", costs[own].name, costs[own].allocs, verdict(costs[own].allocs == 0))
	}
	for _, r := range refusals {
		line(&b, fmt.Sprintf("a whole refused request: at most %g times a bare handler with the same bytes, server CPU", atMostRefusal),
			r.name, rounds.SpreadOf(r.timesBare()), atMostRefusal)
	}
	b.WriteString("\n| a permit taken and given back | alone, ns | two goroutines, ns each | allocations |\n|---|---|---|---|\n")
	for _, c := range costs {
		fmt.Fprintf(&b, "| %s | %s | %s | %g |\n", c.name, text(c.alone, 0), text(c.contended, 0), c.allocs)
	}
	b.WriteString("\n| a refused request | server CPU, µs | bare, µs | times bare | wall, times bare |\n|---|---|---|---|---|\n")
	for _, r := range refusals {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.name, text(rounds.ServerCPU(r.own, r.floor), 1),
			text(rounds.ServerCPU(r.bare, r.floor), 1), text(r.timesBare(), 2), text(r.timesBareWall(), 2))
	}
	return b.String()
}

func line(b *strings.Builder, asked, name string, is rounds.Spread, bound float64) {
	fmt.Fprintf(b, "| %s | %s | %.2f (%.2f to %.2f) | %s |\n", asked, name, is.Median, is.Low, is.High, verdict(is.Median <= bound))
}

func verdict(held bool) string {
	if held {
		return "held"
	}
	return "**missed**"
}

func text(values []float64, digits int) string {
	s := rounds.SpreadOf(values)
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, s.Median, digits, s.Low, digits, s.High)
}

// timesBare is the server's CPU for a refusal as a multiple of the bare handler's.
func (r refusal) timesBare() []float64 {
	return rounds.Ratios(rounds.ServerCPU(r.own, r.floor), rounds.ServerCPU(r.bare, r.floor))
}

func (r refusal) timesBareWall() []float64 {
	wall := func(s rounds.Sample) float64 { return s.Wall }
	return rounds.Ratios(rounds.Values(r.own, wall), rounds.Values(r.bare, wall))
}

// versions are those of the libraries that are compared.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "versions unknown"
	}
	var all []string
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/failsafe-go/failsafe-go", "github.com/zeromicro/go-zero", "github.com/go-kratos/aegis":
			all = append(all, d.Path+" "+d.Version)
		}
	}
	return strings.Join(all, ", ")
}
