package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// wellShare of the requests must be answered well for a service to be well.
const wellShare = 0.99

// faults are those of an outage in the order in which reports show them.
func faults() []string {
	return []string{run.Says503, run.Says500, run.Refuses, run.Resets, run.Hangs, run.Flaps}
}

// doing says what a dependency does under a fault. It ends the names of the fault's parts.
func doing(fault string) string {
	switch fault {
	case run.Flaps:
		return "comes and goes"
	case run.Resets, run.Refuses, run.Hangs:
		return fault + "s"
	}
	return fault
}

// OutageWants reports whether another outage of this kind could decide what a finding leaves open.
func OutageWants(f Finding, fault string) bool {
	return slices.ContainsFunc(f.Parts, func(p Part) bool { return strings.HasSuffix(p.Name, doing(fault)) && p.WantsRepeat() })
}

// outagesOf are the rounds of one fault.
func outagesOf(a *run.Artifacts, fault string) []run.Outage {
	var out []run.Outage
	for _, o := range a.Outages {
		if o.Fault == fault {
			out = append(out, o)
		}
	}
	return out
}

// eachFault judges every fault by its rounds, files the parts under the fault's name, and shows what was counted where one
// is refuted. The worst main parts of each name make the sentence when everything held.
func eachFault(a *run.Artifacts, f *Finding, list []string, judge func(rounds []run.Outage) []Part) {
	for _, fault := range list {
		outages := outagesOf(a, fault)
		if len(outages) == 0 {
			continue
		}
		parts := judge(outages)
		last := outages[len(outages)-1]
		if slices.ContainsFunc(parts, func(p Part) bool { return p.Verdict == Refuted }) {
			f.show(fmt.Sprintf("counted while the dependency %s, round %d", doing(fault), last.Round), outageLines(last))
		}
		for _, part := range parts {
			part.Name += ", dependency " + doing(fault)
			f.addPart(part)
		}
	}
}

// atWorst makes the sentence of a finding whose parts all held: for each kind of main part the one that came nearest to its
// limit.
func (f *Finding) atWorst(kinds ...string) {
	var says []string
	for _, kind := range kinds {
		var worst *Part
		n := 0
		for i := range f.Parts {
			part := &f.Parts[i]
			if part.Verdict != Proved || part.Measured == nil || !strings.HasPrefix(part.Name, kind+", ") {
				continue
			}
			n++
			nearer := worst != nil && (part.Limit.Op == "<=") == (part.Measured.Value.Estimate > worst.Measured.Value.Estimate)
			if worst == nil || nearer && part.Measured.Value.Estimate != worst.Measured.Value.Estimate {
				worst = part
			}
		}
		if worst != nil {
			text := worst.Says
			if n > 1 {
				text = fmt.Sprintf("of %d ways to fail the worst: %s", n, text)
			}
			says = append(says, text)
		}
	}
	f.Says = strings.Join(says, "; ")
}

// needing counts the requests that were due in a span and need the dependency, and those that were answered well.
func needing(o run.Outage, from, until time.Duration) (due, good int) {
	for _, s := range o.Streams {
		if !s.Needs {
			continue
		}
		c := load.Count(s.Due(from, until))
		due += int(c.Sent)
		good += int(c.Of(load.OK))
	}
	return due, good
}

// calls counts what arrived at the dependencies in a span.
func calls(o run.Outage, from, until time.Duration) int {
	first, _ := slices.BinarySearch(o.Calls, from)
	last, _ := slices.BinarySearch(o.Calls, until)
	return max(last-first, 0)
}

// callsEach is how many calls a request makes while all is well.
func callsEach(o run.Outage) float64 {
	due, _ := needing(o, o.Began, o.Failed)
	return share(calls(o, o.Began, o.Failed), due)
}

// unusable says why an outage tells nothing about what needs the dependency.
func unusable(o run.Outage) (Part, bool) {
	due, good := needing(o, o.Began, o.Failed)
	part := Part{Verdict: Inconclusive}
	switch {
	case due == 0 || callsEach(o) == 0:
		part.Verdict, part.Reason, part.Says = NotApplicable, DepUnused, "no operation was seen to call the dependency"
	case good < int(baseGood*float64(due)):
		part.Reason, part.Says = Capacity, fmt.Sprintf("before the outage only %d of %d requests were answered well", good, due)
		if busy(o.Before) {
			part.Reason = Busy
		}
	default:
		return part, false
	}
	return part, true
}

// excuse takes a refutation back that the machine may have caused: the prover was late, or others used the processors.
func excuse(part Part, lateBy time.Duration, noise ...run.Noise) Part {
	if part.Verdict != Refuted {
		return part
	}
	for _, n := range noise {
		switch {
		case busy(n):
			part.Verdict, part.Reason = Inconclusive, Busy
			part.Says += fmt.Sprintf(", while others used %.1f processors of the machine", n.Foreign)
			return part
		case n.Worst > lateBy:
			part.Verdict, part.Reason = Inconclusive, Lag
			part.Says += "; " + lateness(n)
			return part
		}
	}
	return part
}

// well judges a share of requests that must be answered well. What is too near the limit for its number is left open.
func well(good, n int) (Part, bool) {
	part := Part{Measured: counted(good, n), Limit: ofShare(">=", wellShare)}
	switch {
	case n == 0:
		part.Verdict, part.Reason = Inconclusive, NoData
		return part, false
	case float64(good) >= wellShare*float64(n):
		part.Verdict = Proved
	case part.Measured.Value.AtLeast(wellShare) == stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
	}
	return part, true
}

// atMostRatio limits a ratio by what the policy says.
func atMostRatio(r policy.Ratio, unit string) *Limit {
	return &Limit{Op: "<=", Value: r.Value, Unit: unit, Source: r.Source}
}

// outageLines tell what became of the traffic, second by second.
func outageLines(o run.Outage) []string {
	const step = time.Second
	var lines []string
	for from := o.Began; from < o.Ended; from += step {
		until := min(from+step, o.Ended)
		due, good := needing(o, from, until)
		when := "before"
		if until > o.Failed {
			when = "failing"
		}
		if from >= o.Healed {
			when = "after"
		}
		line := fmt.Sprintf("%5.1f s %-7s %4d asked %4d served %4d calls", (from - o.Failed).Seconds(), when, due, good, calls(o, from, until))
		if free, ok := apart(o, from, until); free > 0 {
			line += fmt.Sprintf("; others %d/%d", ok, free)
		}
		lines = append(lines, line)
	}
	return lines
}

// apart counts the requests that were due in a span and do not need the dependency, and those that were answered well.
func apart(o run.Outage, from, until time.Duration) (due, good int) {
	for _, s := range o.Streams {
		if s.Needs {
			continue
		}
		c := load.Count(s.Due(from, until))
		due += int(c.Sent)
		good += int(c.Of(load.OK))
	}
	return due, good
}
