package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/plimsoll-go/plimsoll/bench/internal/results"
)

// report prints the section and writes it where it belongs.
func report(o options, t *table) error {
	if len(t.rows) == 0 {
		return fmt.Errorf("nothing was asked for that exists")
	}
	text := section(o, t)
	fmt.Print(text)
	if o.dry {
		return nil
	}
	return results.Write(o.results, "hops", text)
}

func amplification(f figures) float64 { return f.amplification }
func lateStarts(f figures) float64    { return float64(f.lateStarts) }
func zombies(f figures) float64       { return f.zombies }
func lateness(f figures) float64      { return f.p99.Seconds() }
func during(f figures) float64        { return f.during }
func recovered(f figures) float64     { return f.recovered }
func firstSecond(f figures) float64   { return f.firstSecond }

func section(o options, t *table) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Chains of services before a dependency that fails, in virtual time

Made by `+"`make bench-time`"+`, with %s, failsafe-go v0.9.8 and go-retryablehttp v0.7.8. Time is testing/synctest's, so the machine changes nothing.
Every request comes from outside, at random times and with a budget of %v, to the first service, which calls the next, and the last
calls a dependency on plain net/http. Over n hops there are n clients. The dependency works for %v, then fails for %v,
then works for %v: it answers 500 after 1 ms (fast) or 300 ms (slow); refuses with 503, Plimsoll-Executed: no and Retry-After: 1; does not
answer until the caller leaves (timeouts), or not even then (hung); sends the head of an answer and a byte each 100 ms (trickle); or fails
fast in one second and works in the next (flapping).

%s runs with seeds %d to %d and all its defaults: request chain, admission, budget, client; once more without breaker and throttle,
so that only the retry budget bounds what is repeated. The others run with seeds %d to %d, unmodified, around the same
http.Transport and with the caller's context: three attempts, pauses of 25 to 250 ms, 1 s for an attempt; failsafe-go's retry budget is
a tenth. No budget travels between them. The client outside waits for %v, so that an answer which is late is seen. Two
figures are the median and the worst seed.

`, runtime.Version(), allowed, ordinary, outage, after, ours, o.seed, o.seed+uint64(o.seeds)-1, o.seed, o.seed+uint64(o.others)-1, patient)
	b.WriteString("## Asked and is\n\n" + t.verdicts() + "\n")
	b.WriteString("## Calls that reach the dependency, for each that is meant to\n\n")
	b.WriteString(t.grid(ours, amplification, high("%.2f")) + "\n")
	for _, s := range shapes() {
		if s.compared {
			b.WriteString(t.beside(s.name, amplification, high("%.2f")) + "\n")
		}
	}
	b.WriteString("## Good answers while it flaps, %: half are possible without repeating\n\n" +
		"Who repeats without a bound hides it, for the calls in the last column of the tables above.\n\n" + t.column("flapping", during, low("%.1f", 100)) + "\n")
	b.WriteString("## Calls that begin at the dependency after the deadline of their request\n\n" + t.beside(twoHops, lateStarts, high("%.0f")) + "\n")
	b.WriteString("## Requests for which a service worked on 25 ms after their deadline, %\n\n" + t.beside(twoHops, zombies, high("%.1f", 100)) + "\n")
	b.WriteString("## When the answer is there, after the end of the budget: p99, ms\n\n" + t.beside(twoHops, lateness, high("%+.0f", 1000)) + "\n")
	b.WriteString("## Good answers from 2 s after its return on, %\n\n" + t.grid(ours, recovered, low("%.1f", 100)) + "\n" + t.beside(threeHops, recovered, low("%.1f", 100)) + "\n")
	b.WriteString("## Calls that reach it in its first second, for each that comes then: all seeds together\n\n" +
		t.grid(ours, firstSecond, mean("%.2f")) + "\n" + t.beside(threeHops, firstSecond, mean("%.2f")) + "\n")
	return b.String()
}

// high prints the median and the highest value.
func high(format string, scale ...float64) func(cell) string {
	return func(c cell) string {
		k := factor(scale)
		return fmt.Sprintf(format+" / "+format, k*c.median(), k*c.highest())
	}
}

// low prints the median and the lowest value.
func low(format string, scale ...float64) func(cell) string {
	return func(c cell) string {
		k := factor(scale)
		return fmt.Sprintf(format+" / "+format, k*c.median(), k*c.lowest())
	}
}

func mean(format string) func(cell) string {
	return func(c cell) string { return fmt.Sprintf(format, c.mean()) }
}

func factor(scale []float64) float64 {
	if len(scale) == 0 {
		return 1
	}
	return scale[0]
}

// demand is one line of what was asked.
type demand struct {
	what   string
	who    string
	shape  string // "": all
	fault  string // "": all in which every call fails
	figure func(figures) float64
	of     func(cell) float64
	most   float64 // or, with least, the least
	least  bool
	format string
}

func demands() []demand {
	worst, lowest := cell.highest, cell.lowest
	return []demand{
		{"calls a request, 100 % failures, 1 hop", ours, oneHop, "", amplification, worst, 1.11, false, "%.3f"},
		{"without breaker and throttle", alone, oneHop, "", amplification, worst, 1.11, false, "%.3f"},
		{"without them, 10 requests a second", alone, oneHopSeldom, "", amplification, worst, 1.11, false, "%.3f"},
		{"calls a request, 100 % failures, 3 hops", ours, threeHops, "", amplification, worst, 1.31, false, "%.3f"},
		{"without breaker and throttle", alone, threeHops, "", amplification, worst, 1.31, false, "%.3f"},
		{"without them, 10 requests a second", alone, threeHopsSeldom, "", amplification, worst, 1.31, false, "%.3f"},
		{"2 hops, hung: calls that begin after the deadline", ours, twoHops, hung, lateStarts, worst, 0, false, "%.0f"},
		{"without breaker and throttle", alone, twoHops, hung, lateStarts, worst, 0, false, "%.0f"},
		{"2 hops, hung: requests with zombie work", ours, twoHops, hung, zombies, worst, 0.01, false, "%.4f"},
		{"without breaker and throttle", alone, twoHops, hung, zombies, worst, 0.01, false, "%.4f"},
		{"2 hops, hung: p99 of the answer after the end of the budget, s", ours, twoHops, hung, lateness, worst, slack.Seconds(), false, "%+.3f"},
		{"without breaker and throttle", alone, twoHops, hung, lateness, worst, slack.Seconds(), false, "%+.3f"},
		{"good from 2 s after its return on, 1 hop", ours, oneHop, "", recovered, lowest, 0.99, true, "%.4f"},
		{"good from 2 s after its return on, any shape", ours, "", "", recovered, lowest, 0.99, true, "%.4f"},
		{"calls in its first second, for each that comes, 1 hop", ours, oneHop, "", firstSecond, worst, 1.2, false, "%.2f"},
		{"calls in its first second, any shape, mean of the seeds", ours, "", "", firstSecond, cell.mean, 1.2, false, "%.2f"},
	}
}

// verdicts holds what was asked against what is: the worst fault and the worst seed, unless the line says otherwise.
func (t *table) verdicts() string {
	var b strings.Builder
	heading(&b, "asked", []string{"limit", "is", "in", ""})
	for _, d := range demands() {
		is, where, found := 0.0, "", false
		for _, s := range shapes() {
			for _, f := range faults() {
				c := t.of(s.name, f.name, d.who, d.figure)
				if d.shape != "" && d.shape != s.name || d.fault != "" && d.fault != f.name || d.fault == "" && !f.total || len(c) == 0 {
					continue
				}
				if v := d.of(c); !found || d.least && v < is || !d.least && v > is {
					is, where, found = v, s.name+", "+f.name, true
				}
			}
		}
		writeLine(&b, d.line(is, where, found))
	}
	return b.String()
}

func (d demand) line(is float64, where string, found bool) []string {
	word, limit := "held", "at most "+fmt.Sprintf(d.format, d.most)
	if d.least {
		limit = "at least " + fmt.Sprintf(d.format, d.most)
	}
	switch {
	case !found:
		return []string{d.what, limit, "-", "-", "not run"}
	case d.least && is < d.most || !d.least && is > d.most:
		word = "**missed**"
	}
	return []string{d.what, limit, fmt.Sprintf(d.format, is), where, word}
}
