// Command ledger measures what the ledger of a request costs, in units of one
// time.Now: from its beginning to the bill in the access line and in the route's
// account, for requests that wait for nothing, for what is usual, and for much.
//
//	go run ./ledger              # half a minute
//	go run ./ledger -out RESULTS.md   # also writes the section "ledger" of that page
//
// Every subject has its turn in every round, so that what disturbs the machine
// disturbs all of them. It exits with 1 when something could not be written and
// with 2 when it was called wrongly.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

func main() {
	count := flag.Int("rounds", 400, "rounds of each subject")
	length := flag.Duration("round", 4*time.Millisecond, "about how long a round is")
	out := flag.String("out", "", "page to write the section to")
	flag.Parse()
	if flag.NArg() > 0 || *count < 1 || *length <= 0 {
		fmt.Fprintln(os.Stderr, "ledger: takes flags only, all numbers above zero")
		os.Exit(2)
	}
	text := report(measure(subjects(), *count, *length), *count)
	fmt.Print(text)
	if *out == "" {
		return
	}
	if err := results.Write(*out, "ledger", text); err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

// row is what was measured of a subject: ns of one operation, by round.
type row struct {
	subject
	ns     []float64
	allocs float64
	bytes  float64
}

// measure gives each subject its turn, count times.
func measure(all []subject, count int, length time.Duration) []row {
	rows := make([]row, len(all))
	times := make([]int, len(all))
	for i, s := range all {
		rows[i].subject = s
		s.run(1000) // until nothing is made for the first time
		times[i] = max(1, int(float64(length)/perOperation(s, 1000)))
		rows[i].allocs, rows[i].bytes = allocations(s, 10_000)
	}
	for range count {
		for i, s := range all {
			rows[i].ns = append(rows[i].ns, perOperation(s, times[i]))
		}
	}
	return rows
}

func perOperation(s subject, n int) float64 {
	begun := time.Now()
	s.run(n)
	return float64(time.Since(begun)) / float64(n)
}

func allocations(s subject, n int) (count, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.run(n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
}

// report is the section: medians, and the quartiles of the ratios round by round.
func report(rows []row, count int) string {
	var b strings.Builder
	clock := rows[0].ns
	fmt.Fprintf(&b, "# What the ledger costs\n\n`cd bench && GOWORK=off go run ./ledger -out RESULTS.md`\n\n%s\n\n", rounds.Machine())
	fmt.Fprintf(&b, "%d rounds of each, turn by turn; medians, and quartiles of the ratio within a round. The ledger lies in memory that the request\nallocates anyway: its bytes are counted here, its allocation is not one more.\n\n", count)
	fmt.Fprintf(&b, "| | ns | times `time.Now` (quartiles) | allocations | bytes |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		ratio := rounds.SpreadOf(rounds.Ratios(r.ns, clock))
		fmt.Fprintf(&b, "| %s | %.0f | %.2f (%.2f to %.2f) | %.2f | %.0f |\n", r.name, rounds.SpreadOf(r.ns).Median, ratio.Median, ratio.Low, ratio.High, r.allocs, r.bytes)
	}
	fmt.Fprintf(&b, "\nAsked: at most %d times `time.Now` a request.\n\n", asked)
	for _, r := range rows {
		if !r.request {
			continue
		}
		verdict := "held"
		if rounds.SpreadOf(rounds.Ratios(r.ns, clock)).Median > asked {
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "- %s: %s\n", r.name, verdict)
	}
	fmt.Fprint(&b, "\nEach line of a bill costs about two and a half looks at the clock: entering and ending it under the ledger's lock, its\ntext, and its place in the route's account. So it is held without waits and missed from the second line on.\n")
	return b.String()
}

// asked is the most that the ledger of a request was to cost, in units of time.Now.
const asked = 6
