// Command limits measures what admission itself costs: a permit taken and given
// back beside two atomic additions and beside the limiters of others, and a whole
// refused request beside the same bytes from a bare handler.
//
//	go run ./limits                          # a minute
//	go run ./limits -results RESULTS.md      # and write it down
//
// Everything takes turns in short rounds, so that what else the machine does falls
// on all alike; ratios are made of rounds that were neighbours.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// section is the name of this program's part of the page of results.
const section = "limits"

func main() {
	plan := rounds.Plan{Length: 25 * time.Millisecond, Connections: 8}
	flag.IntVar(&plan.Rounds, "rounds", 60, "rounds of each subject")
	out := flag.String("results", "", "write the report to this page as well")
	flag.Parse()
	if flag.NArg() > 0 || plan.Rounds < 1 {
		fmt.Fprintln(os.Stderr, "limits: takes flags only, all numbers above zero")
		flag.Usage()
		os.Exit(2)
	}
	if err := run(plan, *out); err != nil {
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

func run(plan rounds.Plan, out string) error {
	permits, err := measurePermits(plan.Rounds)
	if err != nil {
		return err
	}
	refusals, err := measureRefusals(plan)
	if err != nil {
		return err
	}
	text := report(plan, permits, refusals)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return results.Write(out, section, text)
}
