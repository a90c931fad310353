package database

import (
	"context"
	"slices"
	"testing"
	"time"
)

const (
	roundLength = 60 * time.Millisecond
	roundCount  = 60
)

// cost is what a trivial statement takes, one after another.
type cost struct {
	name           string
	low, mid, high time.Duration // quartiles of the rounds' means
}

// variant is one way to run it.
type variant struct {
	name   string
	budget func(n int) time.Duration // 0: none
}

func variants() []variant {
	return []variant{
		{"no deadline", func(int) time.Duration { return 0 }},
		{"a deadline", func(int) time.Duration { return 4900 * time.Millisecond }},
		{"another timeout each time", func(n int) time.Duration { return time.Duration(1+4*(n%2)) * 900 * time.Millisecond }},
	}
}

// costs runs every subject in every variant in short alternating rounds.
func costs(tb testing.TB, all []subject) (table []cost) {
	tb.Helper()
	type key struct{ subject, variant int }
	means := map[key][]time.Duration{}
	for range roundCount {
		for i, s := range all {
			for j, v := range variants() {
				means[key{i, j}] = append(means[key{i, j}], round(tb, s, v))
			}
		}
	}
	for i, s := range all {
		for j, v := range variants() {
			m := means[key{i, j}]
			slices.Sort(m)
			table = append(table, cost{s.name + ", " + v.name, m[len(m)/4], m[len(m)/2], m[len(m)*3/4]})
		}
	}
	return table
}

// round is the mean time of a statement in one round.
func round(tb testing.TB, s subject, v variant) time.Duration {
	tb.Helper()
	start, n := time.Now(), 0
	for ; time.Since(start) < roundLength; n++ {
		ctx, cancel := tb.Context(), context.CancelFunc(func() {})
		if limit := v.budget(n); limit > 0 {
			ctx, cancel = context.WithTimeout(ctx, limit)
		}
		err := s.db.QueryRowContext(ctx, "SELECT 1").Scan(new(int))
		cancel()
		if err != nil {
			tb.Fatal(err)
		}
	}
	return time.Since(start) / time.Duration(n)
}
