package check

import (
	"fmt"
	"math"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func retry() Check {
	return Check{
		ID: "retry", Title: "retries while a dependency fails", Guarantee: blueprint.DepRetry,
		Promise: "while a dependency fails, in whatever way, it is not called more often than requests ask for: at most 1.11 times",
		Why:     "three tries each turn a dependency that is a little short into one that is down, and keep it down; over three services they are 27",
		Remedies: []Remedy{
			{"plimsoll", "on by default: outbound draws retries from a budget of a tenth of the first attempts, and stops at an outage"},
			{"net/http", "no retry without a budget: a token bucket that a first attempt fills by 0.1 and a retry empties by 1 (failsafe-go has one: budget.Builder)"},
			{"node", "got: {retry: {limit: 0}} until there is a budget; opossum's breaker around the call does not count retries inside it"},
			{"jvm", "Resilience4j Retry has no budget: put the CircuitBreaker inside the Retry, so that an open one ends it; Finagle's RetryBudget has one"},
			{"python", "urllib3 Retry(0) or tenacity with stop_after_attempt(1) until there is a budget; retries in two layers multiply"},
		},
		Judge: judgeRetry,
	}
}

func judgeRetry(a *run.Artifacts, p policy.Policy, f *Finding) {
	eachFault(a, f, []string{run.Says503, run.Says500, run.Refuses, run.Resets, run.Hangs}, func(outages []run.Outage) []Part {
		part := amplification(outages, p.Amplification)
		part.Name, part.Main = "calls", true
		if last := outages[len(outages)-1]; part.Verdict == Refuted {
			f.show("calls of one request while the dependency "+doing(last.Fault), last.Sample)
		}
		return []Part{part}
	})
	f.atWorst("calls")
}

// amplification judges calls a request. Repeated calls are held against all requests since the traffic began: what those
// before the outage put into a retry budget is what is spent in it.
func amplification(outages []run.Outage, limit policy.Ratio) Part {
	part := Part{Limit: atMostRatio(limit, "calls a request")}
	var firsts, repeats, requests, arrived float64
	for _, o := range outages {
		if bad, yes := unusable(o); yes {
			return bad
		}
		before, _ := needing(o, o.Began, o.Failed)
		during, _ := needing(o, o.Failed, o.Healed)
		each := callsEach(o)
		seen := calls(o, o.Failed, o.Healed)
		if o.Fault == run.Refuses {
			if o.Refused < 0 {
				return Part{Verdict: NotApplicable, Reason: DepUnused, Says: "connections that are refused can't be counted on this machine"}
			}
			seen += o.Refused
		}
		firsts += each * float64(before+during)
		repeats += max(float64(seen)-each*float64(during), 0)
		requests += each * float64(during)
		arrived += float64(seen)
	}
	value := stats.Proportion(int(math.Round(repeats)), int(math.Round(firsts+repeats)), 0.95)
	ratio := stats.Interval{
		Estimate: 1 / (1 - value.Estimate), Lo: 1 / (1 - value.Lo), Hi: 1 / (1 - value.Hi), N: value.N, Confidence: value.Confidence, Method: value.Method,
	}
	part.Measured = &Measure{Unit: "calls a request", Value: ratio, Method: value.Method}
	what := "calls"
	if outages[0].Fault == run.Refuses {
		what = "connections"
	}
	part.Says = fmt.Sprintf("while it %s, %.0f requests that ask for one call each made %.0f %s", doing(outages[0].Fault), requests, arrived, what)
	switch ratio.AtMost(limit.Value) {
	case stats.Yes:
		part.Verdict = Proved
	case stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
	}
	if part.Verdict == Refuted && outages[0].Fault == run.Refuses && len(outages) < 2 { // another process may have been refused as well
		part.Verdict, part.Reason = Inconclusive, Unrepeated
	}
	return part
}
