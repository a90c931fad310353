package database

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// TestHang is run by "make bench-db": RESULTS is the page that it writes.
func TestHang(t *testing.T) {
	page := os.Getenv("RESULTS")
	if page == "" {
		t.Skip("takes half a minute and a quiet machine: make bench-db")
	}
	all := subjects(t)
	var text strings.Builder
	fmt.Fprintf(&text, "# A database that hangs\n\n%s.\n", rounds.Machine())
	fmt.Fprintf(&text, "PostgreSQL from the system's binaries, over its socket. %d requests a second, each one statement with a budget of %v, and a pool of %d; "+
		"for %v another session holds a lock that all of them wait for. Latency is that of the call itself: a service's answer goes out at its deadline in any case.\n\n", rate, budget, size, hung)
	text.WriteString("| | answers p50 | p99 | sessions begun | a second | statements on the server, most | recovery | lost outside of it |\n|---|---|---|---|---|---|---|---|\n")
	for i, s := range all {
		r := run(t, s)
		perSecond := float64(r.sessions) / hung.Seconds()
		fmt.Fprintf(&text, "| %s | %v | %v | %d | %.1f | %d | %v | %d |\n", r.name, r.p50.Round(100*time.Microsecond), r.p99.Round(100*time.Microsecond),
			r.sessions, perSecond, r.running, r.recovery.Round(time.Millisecond), r.lost)
		if i == 0 && (perSecond > 1 || r.running > size || r.recovery > 2*time.Second) {
			t.Errorf("%s: %+v", s.name, r)
		}
	}
	text.WriteString("\nA trivial SELECT, one after another, in alternating rounds: µs a statement, median (quartiles).\n\n| | µs |\n|---|---|\n")
	for _, c := range costs(t, all) {
		fmt.Fprintf(&text, "| %s | %.1f (%.1f to %.1f) |\n", c.name, us(c.mid), us(c.low), us(c.high))
	}
	t.Log("\n" + text.String())
	if err := results.Write(page, "db", text.String()); err != nil {
		t.Error(err)
	}
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func TestJudge(t *testing.T) {
	healed := well + hung
	all := []outcome{
		{time.Second, time.Millisecond, false}, // before
		{3 * time.Second, 250 * time.Millisecond, false},
		{4 * time.Second, 240 * time.Millisecond, false},
		{healed + 3*time.Second, time.Millisecond, true},
	}
	for i := range 3 {
		all = append(all, outcome{healed + time.Duration(i+1)*100*time.Millisecond, budget, false})
	}
	var r report
	r.judge(all, healed)
	if r.answers != 2 || r.p50 != 250*time.Millisecond || r.lost != 1 || r.recovery != 100*time.Millisecond {
		t.Errorf("%+v", r)
	}
}
