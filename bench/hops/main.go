// Command hops puts HTTP clients into chains and fans of services whose last dependency fails, in virtual time, and
// counts what reaches it. Time is testing/synctest's and the network is in memory; the clients, the servers and
// net/http between them are the real ones.
//
//	go run ./hops                    # everything, and the section of RESULTS.md
//	go run ./hops -seeds 2 -who plimsoll -fault hung -shape 3 -dry
//
// The libraries run unmodified; what each is configured with is in its file.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// options are the command line.
type options struct {
	seeds, others int
	seed          uint64
	fault, shape  string
	who           string
	dry, each     bool
	results       string
}

func main() {
	testing.Init() // before the command's own flags, which are parsed with its
	var o options
	flag.IntVar(&o.seeds, "seeds", 20, "how many seeds plimsoll runs with")
	flag.IntVar(&o.others, "others", 3, "how many the others run with")
	flag.Uint64Var(&o.seed, "seed", 1, "the first seed")
	flag.StringVar(&o.fault, "fault", "", "only faults whose name contains this")
	flag.StringVar(&o.shape, "shape", "", "only the shape of this name")
	flag.StringVar(&o.who, "who", "", "only these contenders, by comma")
	flag.BoolVar(&o.dry, "dry", false, "do not write the results")
	flag.BoolVar(&o.each, "each", false, "print every run")
	flag.StringVar(&o.results, "results", "RESULTS.md", "the page to write the section of")
	flag.Parse()
	// synctest runs only in a test. This one is the whole program.
	code := 0
	program := testing.InternalTest{Name: "hops", F: func(t *testing.T) {
		t.Helper()
		runs := compete(t, o)
		if err := report(o, runs); err != nil {
			fmt.Fprintf(os.Stderr, "hops: %v\n", err)
			code = 1
		}
		os.Exit(code) // a test's own report would follow
	}}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{program}, nil, nil)
}

// compete runs everybody, as many at a time as there are processors.
func compete(t *testing.T, o options) *table {
	t.Helper()
	results := &table{}
	var mu sync.Mutex
	t.Run("runs", func(t *testing.T) {
		for _, p := range o.plans() {
			t.Run(p.String(), func(t *testing.T) {
				t.Parallel()
				f := inBubble(t, p)
				mu.Lock()
				defer mu.Unlock()
				results.add(p, f)
				if o.each {
					fmt.Printf("%-60s %s\n", p, f)
				}
			})
		}
	})
	return results
}

// plans are all runs that were asked for.
func (o options) plans() (all []plan) {
	for _, s := range shapes() {
		for _, f := range faults() {
			for _, c := range contenders() {
				if o.shape != "" && s.name != o.shape || !strings.Contains(f.name, o.fault) ||
					o.who != "" && !strings.Contains(","+o.who+",", ","+c.name+",") || c.name != ours && !s.compared {
					continue
				}
				n := o.seeds
				if c.name != ours && c.name != alone {
					n = o.others
				}
				for i := range uint64(n) {
					all = append(all, plan{s, f, c, o.seed + i})
				}
			}
		}
	}
	return all
}

// inBubble makes one run in virtual time.
func inBubble(t *testing.T, p plan) (f figures) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		var err error
		if f, err = simulate(p); err != nil {
			t.Fatal(err)
		}
	})
	return f
}
