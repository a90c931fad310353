package provetest_test

import (
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
