package provetest_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
)

func TestMain(m *testing.M) { provetest.Main(m.Run) }

// alone are the checks whose experiments use the processor; the others mostly wait, and are tried beside each other.
var alone = []string{"oversize", "overload", "drain"}

// TestKeeper wants every check to be proved on the fixture that keeps every promise.
func TestKeeper(t *testing.T) {
	artifacts, judged := provetest.Run(t, provetest.Service(""))
	findings := check.EvalAll(artifacts, judged)
	for _, f := range findings {
		expect(t, f, check.Proved)
	}
	if t.Failed() {
		var out bytes.Buffer
		report.Scorecard(report.Paper{Out: &out}, report.Summarize(artifacts, findings, ""))
		t.Log(out.String())
	}
}

// TestSaboteurs wants each broken promise to be refuted by the check that is about it.
func TestSaboteurs(t *testing.T) {
	for _, c := range check.All() {
		for _, broken := range fixture.Breaks()[c.ID] {
			t.Run(string(broken), func(t *testing.T) {
				if !slices.Contains(alone, c.ID) {
					t.Parallel()
				}
				expect(t, provetest.Judge(t, provetest.Service(broken), c.ID), check.Refuted)
			})
		}
	}
}

// expect wants a verdict. A machine that was too busy to tell is no failure of the prover, as long as it says so: what
// must never happen is the other verdict.
func expect(t *testing.T, f check.Finding, want check.Verdict) {
	t.Helper()
	if f.Verdict == want {
		return
	}
	if f.Verdict == check.Inconclusive && (f.Reason == check.Lag || f.Reason == check.Busy || f.Reason == check.Unsent) {
		t.Logf("THE MACHINE WAS TOO BUSY to tell about %s: %s", f.Check, f.Says)
		return
	}
	t.Errorf("%s: %s (%s), want %s: %s", f.Check, f.Verdict, f.Reason, want, f.Says)
	for _, part := range f.Parts {
		t.Logf("  %s: %s (%s): %s", part.Name, part.Verdict, part.Reason, part.Says)
	}
	for _, evidence := range f.Evidence {
		t.Logf("  %s:\n%s", evidence.Title, bytes.Join(lines(evidence.Lines), []byte("\n")))
	}
}

func lines(text []string) [][]byte {
	var out [][]byte
	for _, line := range text {
		out = append(out, []byte(line))
	}
	return out
}
