package provetest_test

import (
	"slices"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
)

// TestBesideHogs wants a prover that was kept from its processor to say so: it may not hold that against a service, and
// may not let a service off for it.
func TestBesideHogs(t *testing.T) {
	provetest.Hogs(t)
	for broken, never := range map[fixture.Break]check.Verdict{"": check.Refuted, fixture.OverloadNone: check.Proved} {
		service := provetest.Service(broken)
		service.Attack.Multiples, service.Attack.Blocks = []float64{5}, 1
		f := provetest.Judge(t, service, "overload")
		t.Logf("%q: %s (%s): %s", broken, f.Verdict, f.Reason, f.Says)
		if f.Verdict == never {
			t.Errorf("%q is %s beside hogs", broken, f.Verdict)
		}
		if f.Verdict == check.Inconclusive && f.Reason != check.Unrepeated && !disturbed(f) {
			t.Errorf("%q: the reason is %s, want the machine's", broken, f.Reason)
		}
	}
}

// ofOutages are the checks whose experiments are made under ordinary traffic.
var ofOutages = []string{"retry", "breaker", "bulkhead", "recover", "budget", "repeat", "stale"}

// TestOutagesBesideHogs wants the same of what is counted and timed around an outage.
func TestOutagesBesideHogs(t *testing.T) {
	provetest.Hogs(t)
	artifacts, judged := provetest.Run(t, provetest.Service(""), ofOutages...)
	for _, f := range check.EvalAll(artifacts, judged) {
		if slices.Contains(ofOutages, f.Check) {
			unswayed(t, f, check.Refuted)
		}
	}
	unswayed(t, provetest.Judge(t, provetest.Service(fixture.BulkheadShared), "bulkhead"), check.Proved)
}

// unswayed wants a finding to be anything but the verdict that only the machine could have caused.
func unswayed(t *testing.T, f check.Finding, never check.Verdict) {
	t.Helper()
	t.Logf("%s: %s (%s): %s", f.Check, f.Verdict, f.Reason, f.Says)
	if f.Verdict != never {
		return
	}
	t.Errorf("%s is %s beside hogs", f.Check, f.Verdict)
	for _, part := range f.Parts {
		t.Logf("  %s: %s (%s): %s", part.Name, part.Verdict, part.Reason, part.Says)
	}
}
