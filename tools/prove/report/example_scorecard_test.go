package report_test

import (
	"os"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// How does a finding look to a person?
func ExampleScorecard() {
	a := &run.Artifacts{Complete: true, Header: run.Header{Service: "orders"}}
	report.Scorecard(report.Paper{Out: os.Stdout}, report.Summarize(a, []check.Finding{{
		Check: "drain", Guarantee: blueprint.LifeDrain, Title: "SIGTERM under load", Verdict: check.Proved, Says: "0 lost of 512",
	}}, ""))
	// Output:
	// orders: 1 proved · 0 refuted
	//
	// LIFECYCLE
	//   proved         SIGTERM under load  life.drain
	//                  0 lost of 512
}
