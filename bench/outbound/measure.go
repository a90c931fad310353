package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/budget"
)

// between is how many calls are made between two looks at the clock.
const between = 64

// run measures all subjects and returns the section of the page.
func run(count int, length time.Duration) (string, error) {
	subjects, stop, err := start()
	if err != nil {
		return "", err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	var ledger budget.Ledger // as in a service's chain: each call is charged
	ctx = ledger.Open(ctx, budget.Terms{})
	rows := make([][]rounds.Sample, len(subjects))
	for round := range count + 2 { // two to warm up
		for k := range subjects {
			i := (round + k) % len(subjects) // whoever came first comes last
			s, err := measure(ctx, subjects[i].transport, length)
			if err != nil {
				return "", fmt.Errorf("call through %s: %w", subjects[i].name, err)
			}
			if round >= 2 {
				rows[i] = append(rows[i], s)
			}
		}
	}
	return table(subjects, rows, count, length), nil
}

// measure makes calls, one after the other, for one round.
func measure(ctx context.Context, t http.RoundTripper, length time.Duration) (rounds.Sample, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orders/7", nil)
	if err != nil {
		return rounds.Sample{}, err
	}
	r.Header.Set("Accept", "application/json")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, begun, n := rounds.CPUTime(), time.Now(), 0
	for time.Since(begun) < length {
		for range between {
			if err := call(t, r); err != nil {
				return rounds.Sample{}, err
			}
		}
		n += between
	}
	wall, used := time.Since(begun), rounds.CPUTime()-cpu
	runtime.ReadMemStats(&after)
	each := func(v float64) float64 { return v / float64(n) }
	return rounds.Sample{
		Wall: each(float64(wall.Nanoseconds()) / 1e3), CPU: each(float64(used.Nanoseconds()) / 1e3),
		Allocs: each(float64(after.Mallocs - before.Mallocs)), Bytes: each(float64(after.TotalAlloc - before.TotalAlloc)),
	}, nil
}

func call(t http.RoundTripper, r *http.Request) error {
	res, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return res.Body.Close()
}

// table is the section of the page.
func table(subjects []subject, rows [][]rounds.Sample, count int, length time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## What a call costs\n\nA GET over HTTP/1.1 to a dependency in memory, over the same call through a bare `http.Transport`: median of %d\ninterleaved rounds of %v, with the quartiles. %s. `make bench-outbound`.\n\n",
		count, length, rounds.Machine())
	b.WriteString("| through | over bare, µs | over bare, CPU µs | over bare, allocations |\n|---|---|---|---|\n")
	over := func(i int, of func(rounds.Sample) float64) rounds.Spread {
		own, bare := rounds.Values(rows[i], of), rounds.Values(rows[0], of)
		for k := range own {
			own[k] -= bare[k]
		}
		return rounds.SpreadOf(own)
	}
	for i, s := range subjects {
		if i == 0 {
			wall := rounds.SpreadOf(rounds.Values(rows[0], func(s rounds.Sample) float64 { return s.Wall }))
			cpu := rounds.SpreadOf(rounds.Values(rows[0], func(s rounds.Sample) float64 { return s.CPU }))
			allocs := rounds.SpreadOf(rounds.Values(rows[0], func(s rounds.Sample) float64 { return s.Allocs }))
			fmt.Fprintf(&b, "| %s | (%.1f) | (%.1f) | (%.0f) |\n", s.name, wall.Median, cpu.Median, allocs.Median)
			continue
		}
		wall := over(i, func(s rounds.Sample) float64 { return s.Wall })
		cpu := over(i, func(s rounds.Sample) float64 { return s.CPU })
		allocs := over(i, func(s rounds.Sample) float64 { return s.Allocs })
		fmt.Fprintf(&b, "| %s | %.1f (%.1f to %.1f) | %.1f (%.1f to %.1f) | %.1f |\n", s.name, wall.Median, wall.Low, wall.High, cpu.Median, cpu.Low, cpu.High, allocs.Median)
	}
	return b.String()
}
