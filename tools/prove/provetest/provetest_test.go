package provetest_test

import (
	"bytes"
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
)

func TestMain(m *testing.M) { provetest.Main(m.Run) }

// TestKeeper wants every check to be proved on the fixture that keeps every promise.
func TestKeeper(t *testing.T) {
	artifacts, judged := provetest.Run(t, provetest.Service(""))
	findings := check.EvalAll(artifacts, judged)
	for _, f := range findings {
		if f.Verdict != check.Proved {
			t.Errorf("%s: %s (%s): %s", f.Check, f.Verdict, f.Reason, f.Says)
		}
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
				f := provetest.Judge(t, provetest.Service(broken), c.ID)
				if f.Verdict != check.Refuted {
					t.Errorf("%s (%s): %s", f.Verdict, f.Reason, f.Says)
					for _, part := range f.Parts {
						t.Logf("%s: %s (%s): %s", part.Name, part.Verdict, part.Reason, part.Says)
					}
				}
			})
		}
	}
}
