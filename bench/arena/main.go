// Command arena puts admission controllers under the same load in virtual time
// and prints what each made of it. Time is testing/synctest's, so a result
// depends on the seed and not on the machine.
//
//	go run ./arena                        # the named scenarios, 20 seeds
//	go run ./arena -random 200 -seed 7    # scenarios drawn by seed
//	go run ./arena -record F; go run ./arena -report F    # write RESULTS.md
//
// With -tags ablation there are builds of the controller that lack parts of it.
//
// The libraries run unmodified; what each is configured with is in its file.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zeromicro/go-zero/core/logx"

	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
)

// options are the command line.
type options struct {
	seeds  int
	seed   uint64
	random int
	only   string
	who    string
	each   bool
	parts  bool
	record string
	report string
}

func main() {
	testing.Init() // before the command's own flags, which are parsed with its
	var o options
	flag.IntVar(&o.seeds, "seeds", 20, "how many seeds each named scenario runs with")
	flag.Uint64Var(&o.seed, "seed", 1, "the first seed")
	flag.IntVar(&o.random, "random", 0, "draw so many scenarios instead of the named ones")
	flag.StringVar(&o.only, "scenario", "", "only scenarios whose name contains this")
	flag.StringVar(&o.who, "who", "", "only these contenders, by comma")
	flag.BoolVar(&o.each, "each", false, "print every run")
	flag.BoolVar(&o.parts, "parts", false, "the controller without each of its parts, instead of the others")
	flag.StringVar(&o.record, "record", "", "append every run to this file")
	flag.StringVar(&o.report, "report", "", "run nothing; write the results of this file into RESULTS.md")
	flag.Parse()
	if o.report != "" {
		if err := tell(o.report); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// synctest runs only in a test. This one is the whole program.
	program := testing.InternalTest{Name: "arena", F: func(t *testing.T) {
		t.Helper()
		compete(t, o)
		os.Exit(0) // a test's own report would follow
	}}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{program}, nil, nil)
}

// tell writes the results of what was recorded.
func tell(path string) error {
	lines, err := recorded(path)
	if err != nil {
		return err
	}
	return report(lines, "RESULTS.md")
}

// compete runs everybody in every scenario and prints.
func compete(t *testing.T, o options) {
	t.Helper()
	logx.Disable() // go-zero logs the use of memory as soon as it is linked
	field, table := field(o.who), table{}
	if o.parts {
		field = ablations()
	}
	scenarios, runs := standard(), o.seeds
	if o.random > 0 {
		scenarios, runs = draw(o.random, o.seed), 1
	}
	for _, s := range scenarios {
		if !strings.Contains(s.name, o.only) {
			continue
		}
		for i := range uint64(runs) {
			for _, c := range field {
				r := inBubble(t, s, o.seed+i, c.make)
				table.add(s.name, c.name, r)
				if o.record != "" {
					if err := record(o.record, newLine(o.random > 0, o.seed+i, row{s.name, c.name, r})); err != nil {
						t.Fatal(err)
					}
				}
				if o.each {
					fmt.Printf("%-12s seed %d  %s  %s\n", c.name, o.seed+i, r, s.name)
				}
			}
		}
		if o.random == 0 {
			table.printScenario(os.Stdout, s.name, field)
		}
	}
	table.printTotal(os.Stdout, field)
}

func draw(n int, seed uint64) (all []scenario) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		all = append(all, random(rng, i))
	}
	return all
}

// inBubble runs one scenario in virtual time.
func inBubble(t *testing.T, s scenario, seed uint64, make func(scenario) peers.Limiter) (r result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { r = simulate(s, seed, make) })
	return r
}
