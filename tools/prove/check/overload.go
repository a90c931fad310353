package check

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func overload() Check {
	return Check{
		ID: "overload", Title: "overload at 2× and 5×", Guarantee: blueprint.LoadGoodput,
		Promise: "offered 2 and 5 times what it can do, a service goes on doing useful work, refuses the rest at once with Retry-After, and is well when it is over",
		Why:     "without a limit every answer comes too late to be of use: goodput falls to nothing just when it matters, and stays there",
		Remedies: []Remedy{
			{"plimsoll", "on by default: PLIMSOLL_ADMISSION limits what runs at once and what waits, and refuses the rest with 503 and Retry-After"},
			{"net/http", "a semaphore with a short wait around the handler (golang.org/x/sync/semaphore, 100 ms), sized near what the slowest dependency takes, and 503 with Retry-After: 1 when it is full"},
			{"node", "@fastify/under-pressure watches the event loop, not dependencies: add a concurrency limit (p-limit with a bounded queue) and 503 above it"},
			{"jvm", "Resilience4j Bulkhead with maxWaitDuration 100 ms; Tomcat: maxThreads and acceptCount near the pool's size"},
			{"python", "asyncio.Semaphore with a wait of 100 ms around the handler; uvicorn --limit-concurrency"},
		},
		Judge: judgeOverload,
	}
}

func judgeOverload(a *run.Artifacts, p policy.Policy, f *Finding) {
	if a.Capacity == nil {
		return
	}
	f.show("capacity", append(capacityLines(*a.Capacity), fitnessLines(a.Fitness)...))
	if a.Capacity.Problem != "" {
		f.addPart(Part{Name: "capacity", Verdict: Inconclusive, Reason: Capacity, Says: a.Capacity.Problem})
		return
	}
	for _, m := range p.Plan.Multiples {
		blocks := blocksOf(a.Loads, m, p.Plan.Window/windowsInAll)
		if len(blocks) > 0 {
			judgeMultiple(blocks, m, *a.Capacity, p, f)
			continue
		}
		if skip, ok := a.Skipped(MultipleID(m)); ok {
			reason := Reason(skip.Reason)
			f.addPart(Part{Name: fmt.Sprintf("goodput at %g×", m), Main: true, Verdict: reason.verdict(), Reason: reason, Says: skip.Detail})
		}
	}
}

// MultipleID names the experiment with one multiple of the capacity.
func MultipleID(m float64) string { return fmt.Sprintf("overload-%gx", m) }

func judgeMultiple(blocks []block, m float64, c run.Capacity, p policy.Policy, f *Finding) {
	f.addPart(goodput(blocks, m, p.Goodput(m), c))
	for _, part := range refusals(blocks, m, p, c) {
		f.addPart(part)
	}
	if part, ok := refusedWithAdvice(blocks, m); ok {
		f.addPart(part)
	}
	f.addPart(overloadRecovery(blocks, m, p.Recover))
	for _, b := range blocks {
		f.show(fmt.Sprintf("%g×, block %d: counted requests", m, b.number), b.lines())
	}
}

// goodput judges useful work under attack in the blocks that nobody disturbed, then in all of them, and at last in what was
// measured under harder conditions.
func goodput(blocks []block, m float64, limit policy.Ratio, c run.Capacity) Part {
	if part := pairedGoodput(calm(blocks), m, limit); part.Verdict == Refuted {
		return part
	}
	part := allow(pairedGoodput(blocks, m, limit), blocks, c)
	if !part.WantsRepeat() || c.Ceiling == 0 || c.Rate < atCeiling*c.Ceiling {
		return part
	}
	var shares []float64
	for _, b := range blocks {
		shares = append(shares, b.shares(c.Ceiling)...)
	}
	value := stats.Mean(shares, lookConfidence)
	if value.AtLeast(limit.Value) != stats.Yes {
		return part
	}
	part.Verdict, part.Reason = Proved, NoReason
	part.Measured = &Measure{Unit: "share", Value: value, Method: value.Method}
	part.Says = fmt.Sprintf("at %g× capacity useful work was %.0f %% of the most that the dependency can serve (%.0f to %.0f %%, %d windows, some of them bursts because the machine was busy)",
		m, 100*value.Estimate, 100*max(value.Lo, 0), 100*value.Hi, len(shares))
	return part
}

// pairedGoodput is useful work under attack over useful work at capacity, window by window, each over the base of its block.
func pairedGoodput(blocks []block, m float64, limit policy.Ratio) Part {
	part := Part{
		Name:  fmt.Sprintf("goodput at %g×", m),
		Main:  true,
		Limit: &Limit{Op: ">=", Value: limit.Value, Unit: "share", Source: limit.Source},
	}
	var ratios []float64
	counted, reason, detail := 0, NoReason, ""
	for _, b := range blocks {
		mine, why, text := b.ratios()
		if why != NoReason {
			reason, detail = why, text
			continue
		}
		counted++
		ratios = append(ratios, mine...)
	}
	value := stats.Mean(ratios, lookConfidence)
	part.Measured = &Measure{Unit: "share", Value: value, Method: value.Method}
	part.Says = fmt.Sprintf("at %g× capacity useful work was %.0f %% of that at capacity (%.0f to %.0f %%, %d windows)",
		m, 100*value.Estimate, 100*max(value.Lo, 0), 100*value.Hi, len(ratios))
	switch answer := value.AtLeast(limit.Value); {
	case counted == 0:
		part.Verdict, part.Reason, part.Says, part.Measured = Inconclusive, reason, fmt.Sprintf("at %g×: %s", m, detail), nil
	case value.Estimate > 1.5:
		part.Verdict, part.Reason = Inconclusive, Capacity
		part.Says += ": more than the capacity that was found"
	case answer == stats.Yes:
		part.Verdict = Proved
	case answer == stats.No && counted > 1:
		part.Verdict = Refuted
	case answer == stats.No && reason != NoReason: // another block was tried
		part.Verdict, part.Reason = Inconclusive, reason
	case answer == stats.No:
		part.Verdict, part.Reason = Inconclusive, Unrepeated
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
	}
	return part
}

// Unfit reports whether the machine could not even keep up with an echo at this rate or below, and the step of its
// self-test that says so. It is held to what a window is held to that may still prove something.
func Unfit(f load.Fitness, rate float64, patience time.Duration) (load.FitnessStep, bool) {
	unfit, at := false, load.FitnessStep{}
	for _, step := range f.Steps {
		if step.Rate > max(rate, f.Steps[0].Rate) {
			break
		}
		bad := step.Good < 1 || step.LagP99 > patience/lateShare
		unfit, at = bad, step // a rate is tried twice, and the second time counts
	}
	return at, unfit
}

// fitnessLines say what the machine itself could do just before.
func fitnessLines(f *load.Fitness) []string {
	if f == nil {
		return nil
	}
	return []string{fmt.Sprintf("self-test: the generator kept its schedule up to %.0f/s; its sleeps ended %s late at the median, %s at the 99th percentile",
		f.Rate, seconds(f.TimerP50), seconds(f.TimerP99))}
}

func capacityLines(c run.Capacity) []string {
	var lines []string
	for _, step := range c.Steps {
		lines = append(lines, fmt.Sprintf("%4d workers  %7.1f good answers/s  %d others", step.Workers, step.Rate, step.Bad))
	}
	if c.Slots > 0 {
		lines = append(lines, fmt.Sprintf("the dependency serves %d at once for %s each: at most %.0f/s", c.Slots, seconds(c.Hold), c.Ceiling))
	}
	return append(lines, fmt.Sprintf("capacity %.1f/s by %s", c.Rate, c.Operation))
}
