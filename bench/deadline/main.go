// Command deadline measures what an enforced deadline costs, and how late its answers are.
//
//	go run ./deadline            # both
//	go run ./deadline -cost      # beside http.TimeoutHandler and beside nothing
//	go run ./deadline -latency   # handlers that never answer, on HTTP/1.1 and HTTP/2
//
// It exits with 1 when an answer was not complete, with 2 when it was called wrongly. How fast or slow it was is for
// the reader: a busy machine moves every figure but the ratios.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

func main() {
	cost := flag.Bool("cost", false, "measure only the cost of a request that stays within its budget")
	latency := flag.Bool("latency", false, "measure only how late the answer for a stuck handler is")
	count := flag.Int("rounds", 40, "rounds of each variant, for the cost")
	length := flag.Duration("round", 100*time.Millisecond, "length of a round")
	conns := flag.Int("conns", 2, "keep-alive connections, for the cost")
	requests := flag.Int("requests", 320, "stuck requests of each kind, for the latency")
	parallel := flag.Int("parallel", 64, "stuck requests at a time")
	flag.Parse()
	if flag.NArg() > 0 || *count < 1 || *length <= 0 || *conns < 1 || *requests < 1 || *parallel < 1 {
		fmt.Fprintln(os.Stderr, "deadline: takes flags only, all of them above zero")
		flag.Usage()
		os.Exit(2)
	}
	if *cost || !*latency {
		exitOn("cost", measureCost(rounds.Plan{Rounds: *count, Length: *length, Connections: *conns}))
	}
	if *latency || !*cost {
		exitOn("latency", measureLatency(*requests, *parallel))
	}
}

func exitOn(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "deadline: %s: %v\n", what, err)
		os.Exit(1)
	}
}
