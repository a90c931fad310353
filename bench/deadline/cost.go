package main

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// measureCost serves each workload by each variant in short alternating rounds. Client and server share the process;
// the floor, sockets alone, says how much of a figure is the client's.
func measureCost(plan rounds.Plan) error {
	fmt.Printf("cost: %d rounds of %v each, alternating, %d keep-alive connections over loopback\n%s\n\n",
		plan.Rounds, plan.Length, plan.Connections, rounds.Machine())
	for _, w := range workloads {
		subjects := []rounds.Subject{rounds.Floor(w.request, 200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")}
		for _, v := range variants {
			subjects = append(subjects, rounds.Handler(v.name, v.wrap(small), w.request, 200))
		}
		rows, err := plan.Interleave(subjects)
		if err != nil {
			return err
		}
		printCost(w.name, rows)
	}
	return nil
}

// printCost compares every variant with the first.
func printCost(name string, rows [][]rounds.Sample) {
	floor, rows := rows[0], rows[1:]
	bare := rounds.ServerCPU(rows[0], floor)
	fmt.Printf("%-20s %14s %14s %24s %24s %8s %8s\n", name, "server CPU µs", "added µs", "times bare (quartiles)", "wall (quartiles)", "allocs", "bytes")
	for i, v := range variants {
		cpu := rounds.ServerCPU(rows[i], floor)
		added := make([]float64, len(cpu))
		for n := range cpu {
			added[n] = cpu[n] - bare[n]
		}
		walls := rounds.Ratios(rounds.Values(rows[i], wall), rounds.Values(rows[0], wall))
		fmt.Printf("%-20s %14.2f %14.2f %24s %24s %8.1f %8.0f\n", v.name,
			rounds.SpreadOf(cpu).Median, rounds.SpreadOf(added).Median, text(rounds.Ratios(cpu, bare)), text(walls),
			rounds.SpreadOf(rounds.Values(rows[i], allocs)).Median, rounds.SpreadOf(rounds.Values(rows[i], bytes)).Median)
	}
	fmt.Println()
}

func wall(s rounds.Sample) float64   { return s.Wall }
func allocs(s rounds.Sample) float64 { return s.Allocs }
func bytes(s rounds.Sample) float64  { return s.Bytes }

func text(ratios []float64) string {
	s := rounds.SpreadOf(ratios)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Low, s.High)
}
