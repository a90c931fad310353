package main

import (
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// made are costs of three rounds, the last of which was disturbed.
func made(permit float64) []cost {
	all := make([]cost, ownAdaptive+1)
	for i, ns := range []float64{10, 50, permit, permit + 10} {
		all[i] = cost{name: "x", alone: []float64{ns, ns, 9 * ns}, contended: []float64{ns, ns, ns}}
	}
	return all
}

func TestTheClockIsTakenOff(t *testing.T) {
	if got := rounds.SpreadOf(overPairs(made(75), ownFixed)).Median; got != 2.5 {
		t.Errorf("%v", got)
	}
}

func TestTheReportSaysWhatWasMissed(t *testing.T) {
	sample := func(cpu float64) []rounds.Sample { return []rounds.Sample{{CPU: cpu, Wall: cpu}} }
	refusals := []refusal{
		{name: "a", floor: sample(10), bare: sample(25), own: sample(28)}, // 23 over 20
		{name: "b", floor: sample(10), bare: sample(25), own: sample(30)}, // 25 over 20
	}
	text := report(rounds.Plan{Rounds: 3, Length: time.Second, Connections: 1}, made(75), refusals)
	for _, want := range []string{"| x | 2.50 ", "| x | 3.50 ", "| a | 1.15 ", "| b | 1.25 "} {
		_, rest, found := strings.Cut(text, want)
		row, _, _ := strings.Cut(rest, "\n")
		missed := want == "| x | 3.50 " || want == "| b | 1.25 "
		if !found || strings.Contains(row, "missed") != missed {
			t.Errorf("%q: %q", want, row)
		}
	}
	if strings.Contains(text, "%!") {
		t.Error("a verb without its value")
	}
}

// Everything runs; what comes out is not judged, but for the allocations.
func TestEveryPairAndEveryRefusal(t *testing.T) {
	costs, err := measurePermits(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range costs {
		if len(c.alone) != 1 || len(c.contended) != 1 || c.alone[0] <= 0 {
			t.Errorf("%v", c)
		}
	}
	if costs[ownFixed].allocs != 0 || costs[ownAdaptive].allocs != 0 {
		t.Errorf("%v %v", costs[ownFixed], costs[ownAdaptive])
	}
	refusals, err := measureRefusals(rounds.Plan{Rounds: 1, Length: time.Millisecond, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range refusals {
		if len(r.own) != 1 || r.own[0].CPU <= 0 {
			t.Errorf("%+v", r)
		}
	}
}
