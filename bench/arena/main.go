// Command arena puts admission controllers under the same load in virtual time
// and prints what each made of it. Time is testing/synctest's, so a result
// depends on the seed and not on the machine.
//
//	go run ./arena                        # the named scenarios, 20 seeds
//	go run ./arena -random 200 -seed 7    # scenarios drawn by seed
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
	flag.Parse()
	// synctest runs only in a test. This one is the whole program.
	program := testing.InternalTest{Name: "arena", F: func(t *testing.T) {
		t.Helper()
		compete(t, o)
		os.Exit(0) // a test's own report would follow
	}}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{program}, nil, nil)
}

// compete runs everybody in every scenario and prints.
func compete(t *testing.T, o options) {
	t.Helper()
	logx.Disable() // go-zero logs the use of memory as soon as it is linked
	field, table := field(o.who), table{}
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
