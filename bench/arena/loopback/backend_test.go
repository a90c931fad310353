package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBackendServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, start := newBackend(2, 20*msec), time.Now()
		for i, want := range []time.Duration{20 * msec, 20 * msec, 40 * msec, 40 * msec, 60 * msec} {
			if got := b.submit(start).Sub(start); got != want {
				t.Errorf("request %d: done after %v, want %v", i, got, want)
			}
		}
		if got := b.submit(start.Add(time.Second)).Sub(start); got != 1020*msec {
			t.Errorf("an idle backend: done after %v", got)
		}
		time.Sleep(2 * time.Second)
		b.do()
		if got := time.Since(start); got != 2020*msec {
			t.Errorf("it returned after %v", got)
		}
	})
}

// What is in the backend when it stalls ends as it would have; what comes after
// waits for the stall to end.
func TestBackendStalls(t *testing.T) {
	b, start := newBackend(2, 20*msec), time.Now()
	before := b.submit(start)
	b.stall(start.Add(10*msec), 8*time.Second)
	for i, want := range []time.Duration{8030 * msec, 8040 * msec, 8050 * msec} {
		if got := b.submit(start.Add(15 * msec)).Sub(start); got != want {
			t.Errorf("request %d: done after %v, want %v", i, got, want)
		}
	}
	if before.Sub(start) != 20*msec {
		t.Errorf("what was under way: %v", before.Sub(start))
	}
}
