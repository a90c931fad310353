// Command chain measures what the request chain of a Plimsoll service costs: CPU
// and allocations of a request beside net/http alone, beside the stack that a
// careful team puts together by hand, and with one layer of the chain at a time
// left out or alone; and what a refusal costs beside the same bytes from a bare
// handler.
//
//	go run ./chain                    # all of it, in less than a minute
//	go run ./chain -only GET          # one table: GET, POST or refusal
//	go run ./chain -connections 1     # a service with nothing to do between requests
//	go run ./chain -only GET -subject service -cpuprofile cpu.out -memprofile mem.out
//
// It exits with 1 when something could not be measured and with 2 when it was
// called wrongly. A busy machine moves every figure; it moves the ratios least.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

func main() {
	plan := rounds.Plan{}
	flag.IntVar(&plan.Rounds, "rounds", 32, "rounds of each subject")
	flag.DurationVar(&plan.Length, "round", 25*time.Millisecond, "length of a round")
	flag.IntVar(&plan.Connections, "connections", 8, "keep-alive connections, each with one request at a time")
	only := flag.String("only", "", "measure one table: GET, POST or refusal")
	subject := flag.String("subject", "", "measure, beside the two it is compared with, only subjects with this in their name")
	var profiles profiles
	flag.StringVar(&profiles.cpu, "cpuprofile", "", "write a CPU profile to this file")
	flag.StringVar(&profiles.mem, "memprofile", "", "write every allocation to this file, as a profile; slows all of it down")
	flag.Parse()
	if flag.NArg() > 0 || plan.Rounds < 1 || plan.Length <= 0 || plan.Connections < 1 {
		fmt.Fprintln(os.Stderr, "chain: takes flags only, all numbers above zero")
		flag.Usage()
		os.Exit(2)
	}
	if err := run(plan, *only, *subject, profiles); err != nil {
		fmt.Fprintln(os.Stderr, "chain:", err)
		os.Exit(1)
	}
}

func run(plan rounds.Plan, only, subject string, profiles profiles) (err error) {
	dir, err := os.MkdirTemp("", "bench-chain-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stop, err := profiles.start()
	if err != nil {
		return err
	}
	fmt.Println(rounds.Machine())
	fmt.Printf("%d rounds of %v of each subject, turn by turn, over %d keep-alive loopback connections\n", plan.Rounds, plan.Length, plan.Connections)
	all, err := tables(dir)
	if err != nil {
		return err
	}
	measured := false
	for _, t := range all {
		if only != "" && only != t.name {
			continue
		}
		measured = true
		if err := t.measure(plan, subject); err != nil {
			return err
		}
	}
	if !measured {
		return fmt.Errorf("no table is named %q; there are GET, POST and refusal", strings.TrimSpace(only))
	}
	return stop()
}
