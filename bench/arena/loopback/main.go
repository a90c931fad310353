// Command loopback puts admission controllers under the same load as real
// processes: a server on one processor, an open-loop generator on another, turn by
// turn. It needs Linux with two processors and nothing else to do.
//
//	go run ./arena/loopback                              # everybody, two rounds
//	go run ./arena/loopback -who plimsoll,service        # only these
//	go run ./arena/loopback -only cpu                    # one workload
//	go run ./arena/loopback -keep windows.jsonl          # add to the windows of earlier runs
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// options are the command line.
type options struct {
	rounds int
	seed   uint64
	who    string
	only   string
	keep   string
	load   float64
	out    string

	profile string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == serverCommand {
		if err := server(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "loopback: serve:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 2, "how often everybody is measured under every load")
	flag.Uint64Var(&o.seed, "seed", 1, "decides the arrivals, round by round")
	flag.StringVar(&o.who, "who", "", "only these contenders, by comma")
	flag.StringVar(&o.only, "only", "", "only workloads whose name contains this")
	flag.Float64Var(&o.load, "load", 0, "only this load; 0: all")
	flag.StringVar(&o.keep, "keep", "", "add the windows to this file, and report on all that it holds")
	flag.StringVar(&o.out, "results", "", "write the report to this page as well")
	flag.StringVar(&o.profile, "cpuprofile", "", "write the last server's CPU profile to this file")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := compete(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "loopback:", err)
		os.Exit(1)
	}
}

func compete(ctx context.Context, o options) error {
	fighters := field(o.who)
	if len(fighters) == 0 {
		return fmt.Errorf("nobody is called %q", o.who)
	}
	if err := pin(generatorCPU); err != nil {
		return fmt.Errorf("keep to a processor: %w", err)
	}
	kept, err := openKept(o.keep)
	if err != nil {
		return err
	}
	defer kept.close()
	a := arena{seed: o.seed, steps: stepsFor(cpuWork), profile: o.profile}
	for round := range o.rounds {
		for _, e := range experiments() {
			if !e.wanted(o) {
				continue
			}
			for k := range fighters {
				c := fighters[(round+k)%len(fighters)] // whoever came first comes last
				windows, err := e.tried(ctx, &a, c, round)
				if err != nil {
					return err
				}
				if err := kept.add(windows); err != nil {
					return err
				}
			}
		}
	}
	return publish(kept.windows, o)
}
