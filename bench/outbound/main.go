// Command outbound measures what a call through package outbound costs with everything on, beside a bare
// http.Transport and beside the libraries that do a part of it.
//
//	go run ./outbound                       # a minute
//	go run ./outbound -results RESULTS.md   # and write it down
//
// The dependency is a goroutine on a network in memory that answers without allocating: what is measured is the client.
// All subjects make the same call with the same deadline, turn by turn, in short rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
)

func main() {
	rounds := flag.Int("rounds", 60, "rounds of each subject")
	length := flag.Duration("round", 60*time.Millisecond, "length of a round")
	page := flag.String("results", "", "the page to write the table into")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 || *length <= 0 {
		fmt.Fprintln(os.Stderr, "outbound: takes flags only, all of them above zero")
		flag.Usage()
		os.Exit(2)
	}
	text, err := run(*rounds, *length)
	if err == nil && *page != "" {
		err = results.Write(*page, "outbound", text)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "outbound: %v\n", err)
		os.Exit(1)
	}
	fmt.Print(text)
}
