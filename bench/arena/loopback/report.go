package main

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// cpuWork is what the CPU-bound work takes, as close as the steps come to it.
const cpuWork = 5 * time.Millisecond

// section is the name of this program's part of the page of results.
const section = "arena-loopback"

// publish prints the report, and writes it where it is wanted.
func publish(windows []window, o options) error {
	text := report(windows)
	fmt.Print(text)
	if o.out == "" {
		return nil
	}
	return results.Write(o.out, section, text)
}

// report is everything, in Markdown.
func report(windows []window) string {
	t := tallyOf(windows)
	var b strings.Builder
	fmt.Fprintf(&b, "## Admission on real processes\n\n%s\n\n%s\n\n", rounds.Machine(), versions())
	fmt.Fprintf(&b, how, cpuWork, refusalCost, warmUp, length, lingers, stallGrace, stallScored, 100*disturbed)
	valid, thrown := 0, map[string]int{}
	for _, w := range windows {
		if w.Invalid == "" {
			valid++
		} else {
			reason, _, _ := strings.Cut(w.Invalid, ":")
			thrown[reason]++
		}
	}
	fmt.Fprintf(&b, "%d windows count; thrown away: %s.\n\n", valid, counts(thrown))
	b.WriteString("Against what was asked, the worst median over the loads:\n\n" + t.compared() + "\n")
	b.WriteString("Medians over the rounds, with the least and the most:\n\n")
	var order []string
	for _, c := range everybody() {
		order = append(order, c.name)
	}
	for _, w := range every() {
		b.WriteString(t.table(w, order))
	}
	return b.String()
}

// how is what a reader has to know of the figures.
const how = `A server on processor 0 (GOMAXPROCS 1), an open-loop generator on processor 1: Poisson arrivals, latency
from when a request was due, connections kept. Every run is a new server; contenders take turns, round by round. Classes: 8 %% critical,
32 %% sheddable-plus, 60 %% sheddable. *plimsoll* is admission.Middleware on net/http, *service* a whole service with its log; the
libraries are unmodified, with their defaults and gates as shipped, and a runtime.Gosched after admission, without which each of
them collapses when the work is the processor's.

I/O-bound work waits for a backend in the same process, of slots that serve in order and do not notice who gave up; goodput is a
share of what the slots can do. CPU-bound work is a loop of about %v; how long it takes is measured in each window by the thread's
own time, and goodput is a share of (1 - m r) / (1 - r), m the load and r = %v / work. A window begins after %v (aegis and
go-zero, CPU-bound: when their gates are open) and lasts %v. A client waits %v longer than its deadline before it closes the connection;
what it gets then is late. After the stall, requests due from %v after its end on, for %v. Windows in which the generator was late (lag p99
above 2 ms) or could not send, or others used more than %.0f %% of a processor, or that much was stolen, are thrown away.

`

func counts(by map[string]int) string {
	var parts []string
	for _, reason := range []string{"lag", "unsent", "local", "others", "stolen", "nodata", "cancelled"} {
		if n := by[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// versions are those of the libraries that take part.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "versions unknown"
	}
	var all []string
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/failsafe-go/failsafe-go", "github.com/zeromicro/go-zero", "github.com/go-kratos/aegis":
			all = append(all, d.Path+" "+d.Version)
		}
	}
	revision := "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value[:min(12, len(s.Value))]
		}
	}
	return "plimsoll " + revision + ", " + strings.Join(all, ", ")
}

// String is a window in one line.
func (w window) String() string {
	s := w.Score
	if w.Workload == stalled().Name {
		return fmt.Sprintf("%-13s %-7s %4gx before %5.1f after %5.1f %s", w.Contender, w.Workload, w.Load, 100*s.Before, 100*s.After, w.Invalid)
	}
	if w.Workload == flood().Name {
		return fmt.Sprintf("%-13s %-7s %4gx light %5.1f goodput %5.1f %s", w.Contender, w.Workload, w.Load, 100*s.Light, 100*s.Goodput, w.Invalid)
	}
	name := w.Workload
	if w.Cold {
		name += " 0-2s"
	}
	return fmt.Sprintf("%-13s %-9s %4gx goodput %5.1f critical %5.1f late %5.1f p99 %6.1f ms refusal %5.1f ms work %.2f ms server %4.1f others %4.1f stolen %4.1f %% %s",
		w.Contender, name, w.Load, 100*s.Goodput, 100*s.Critical, 100*s.Late, ms(s.P99), ms(s.Refusal), w.Work,
		100*w.Machine.Server, 100*w.Machine.Others, 100*w.Machine.Stolen, w.Invalid)
}
