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
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	rounds int
	seed   uint64
	who    string
	only   string
	keep   string
	loads  float64

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
	flag.Float64Var(&o.loads, "load", 0, "only this load; 0: all")
	flag.StringVar(&o.keep, "keep", "", "add the windows to this file")
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
	if err := pin(generatorCPU); err != nil {
		return fmt.Errorf("keep to a processor: %w", err)
	}
	a := arena{seed: o.seed, steps: stepsFor(5 * time.Millisecond), profile: o.profile}
	fighters := field(o.who)
	for round := range o.rounds {
		for _, w := range workloads() {
			if !strings.Contains(w.Name, o.only) {
				continue
			}
			for _, times := range w.loads {
				if o.loads != 0 && o.loads != times {
					continue
				}
				for k := range fighters {
					c := fighters[(round+k)%len(fighters)] // whoever came first comes last
					windows, err := a.measure(ctx, c, w, times, round)
					if err != nil {
						return err
					}
					for _, x := range windows {
						line, _ := json.Marshal(x)
						fmt.Printf("%s\n", line)
					}
				}
			}
		}
	}
	return nil
}
