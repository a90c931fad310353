package main

import (
	"testing"
	"time"
)

func TestMachineTimes(t *testing.T) {
	all, stolen, err := machineTimes("cpu  100 20 30 4000 5 0 600 70 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
	if err != nil || all != 1500*time.Millisecond || stolen != 700*time.Millisecond {
		t.Errorf("%v, %v, %v", all, stolen, err)
	}
	for _, stat := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu  x 20 30 4000 5 0 600 70 0 0"} {
		if _, _, err := machineTimes(stat); err == nil {
			t.Errorf("%q was taken", stat)
		}
	}
}

func TestProcessTimes(t *testing.T) {
	got, err := usedOf("42 (a) b ( c) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 5 0 1 1 1")
	if err != nil || got != 2*time.Second {
		t.Errorf("%v, %v", got, err)
	}
	for _, stat := range []string{"", "42 (a) S 1", "42 (a) S 1 42 42 0 -1 4194560 1 0 0 0 x 50 0"} {
		if _, err := usedOf(stat); err == nil {
			t.Errorf("%q was taken", stat)
		}
	}
}

// What the program and its server use is not others'.
func TestOthersAreWhatIsLeft(t *testing.T) {
	start := time.Now()
	before := usage{at: start, all: time.Second, own: time.Second, server: 500 * time.Millisecond, stolen: time.Second}
	after := usage{at: start.Add(2 * time.Second), all: 4 * time.Second, own: 3800 * time.Millisecond, server: 2500 * time.Millisecond, stolen: 1100 * time.Millisecond}
	d := after.since(before)
	near := func(got, want float64) bool { return got > want-1e-9 && got < want+1e-9 }
	if !near(d.Others, 0.1) || !near(d.Stolen, 0.05) || !near(d.Server, 1) {
		t.Errorf("%+v", d)
	}
}
