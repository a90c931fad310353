package check_test

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// Does what was recorded hold against another limit? Nothing is run again.
func Example_judge() {
	recorded := &run.Artifacts{Complete: true}
	for round := range 2 {
		recorded.Append(run.Waits{Attack: run.SlowHeader, Round: round + 1, Watched: 20 * time.Second, Alive: true,
			Conns: []run.Wait{{Closed: "FIN", After: 10 * time.Second}}})
	}
	c, _ := check.Find("slow-header")

	limits := policy.Standard()
	fmt.Println(c.Eval(recorded, limits).Verdict)

	strict := 5 * time.Second
	limits.Apply(policy.Spec, policy.Numbers{Header: &strict})
	f := c.Eval(recorded, limits)
	fmt.Println(f.Verdict, "-", f.Says)
	// Output:
	// proved
	// refuted - all 1 given up (FIN), the last after 10 s
}
