package provetest_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
)

// atATime is how many saboteurs that mostly wait are tried beside each other, however few processors there are.
const atATime = "6"

func TestMain(m *testing.M) {
	provetest.Main(func() int {
		flag.Parse()
		if err := flag.Set("test.parallel", atATime); err != nil {
			panic(err)
		}
		return m.Run()
	})
}

// loading are the checks whose experiments use the processor; the others mostly wait.
var loading = []string{"overload"}

// TestKeeper wants every check to be proved on the fixture that keeps every promise.
func TestKeeper(t *testing.T) {
	artifacts, judged := provetest.Run(t, provetest.Service(""))
	for _, f := range check.EvalAll(artifacts, judged) {
		expect(t, f, check.Proved)
	}
}

// TestSaboteursUnderLoad wants each broken promise to be refuted by the check that is about it, one after the other.
func TestSaboteursUnderLoad(t *testing.T) {
	t.Parallel()
	saboteurs(t, true)
}

// TestSaboteursThatWait wants the same of those that mostly wait, at the same time.
func TestSaboteursThatWait(t *testing.T) {
	t.Parallel()
	saboteurs(t, false)
}

func saboteurs(t *testing.T, underLoad bool) {
	for _, c := range check.All() {
		if slices.Contains(loading, c.ID) != underLoad {
			continue
		}
		for _, broken := range fixture.Breaks()[c.ID] {
			t.Run(string(broken), func(t *testing.T) {
				service := provetest.Service(broken)
				service.Attack.Multiples = []float64{5} // one tells as much as two
				if !underLoad {
					t.Parallel()
				}
				expect(t, provetest.Judge(t, service, c.ID), check.Refuted)
			})
		}
	}
}

// disturbed reports whether a finding blames the machine for what it leaves open.
func disturbed(f check.Finding) bool {
	return slices.ContainsFunc(f.Parts, func(p check.Part) bool {
		return p.Verdict == check.Inconclusive && (p.Reason == check.Lag || p.Reason == check.Busy || p.Reason == check.Unsent)
	})
}

// expect wants a verdict. A machine that was too busy to tell is no failure of the prover, as long as it says so: what
// must never happen is the other verdict.
func expect(t *testing.T, f check.Finding, want check.Verdict) {
	t.Helper()
	if f.Verdict == want {
		return
	}
	if f.Verdict == check.Inconclusive && disturbed(f) {
		t.Logf("THE MACHINE WAS TOO BUSY to tell about %s: %s", f.Check, f.Says)
		return
	}
	t.Errorf("%s: %s (%s), want %s: %s", f.Check, f.Verdict, f.Reason, want, f.Says)
	for _, part := range f.Parts {
		t.Logf("  %s: %s (%s): %s", part.Name, part.Verdict, part.Reason, part.Says)
	}
	for _, evidence := range f.Evidence {
		t.Logf("  %s:\n%s", evidence.Title, strings.Join(evidence.Lines, "\n"))
	}
}
