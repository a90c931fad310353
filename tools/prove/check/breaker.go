package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

func breaker() Check {
	return Check{
		ID: "breaker", Title: "a failing dependency is left alone", Guarantee: blueprint.DepBreaker,
		Promise: "a dependency that goes on failing is soon left alone and requests that need it are refused at once; when it returns it is used again, without a herd",
		Why:     "calls that can only fail hold the caller's resources and keep the dependency from recovering; a herd at its return knocks it over again",
		Remedies: []Remedy{
			{"plimsoll", "on by default: outbound's breaker looks at a window of time, half-open lets a few calls through"},
			{"net/http", "failsafe-go's or gobreaker's circuit breaker around each destination, by failure rate over seconds, with a delay of about a second and few trial calls"},
			{"node", "opossum: new CircuitBreaker(call, {timeout, errorThresholdPercentage: 50, resetTimeout: 1000, volumeThreshold: 5})"},
			{"jvm", "Resilience4j CircuitBreaker: slidingWindowType TIME_BASED, minimumNumberOfCalls 5, waitDurationInOpenState 1s (its default is a minute)"},
			{"python", "purgatory or aiobreaker around each destination; requests that wait for it in a queue are the herd"},
		},
		Judge: judgeBreaker,
	}
}

func judgeBreaker(a *run.Artifacts, p policy.Policy, f *Finding) {
	eachFault(a, f, []string{run.Says503, run.Says500, run.Resets, run.Refuses, run.Hangs}, func(outages []run.Outage) []Part {
		for _, o := range outages {
			if bad, yes := unusable(o); yes {
				return []Part{bad}
			}
		}
		parts := []Part{over(outages, func(o run.Outage) Part { return answersFast(o, p) }, "answers at once"),
			over(outages, func(o run.Outage) Part { return usedAgain(o, p) }, "used again"),
			over(outages, func(o run.Outage) Part { return noHerd(o, p) }, "no herd"),
		}
		if outages[0].Fault != run.Refuses { // there are no calls to count
			parts = append([]Part{leftAlone(outages, p)}, parts...)
		}
		return parts
	})
	f.atWorst("left alone", "no herd", "used again")
}

// over joins the judgements of each round, so that what depends on time is refuted only when it was seen twice.
func over(outages []run.Outage, judge func(run.Outage) Part, name string) Part {
	var judged []Part
	for _, o := range outages {
		judged = append(judged, judge(o))
	}
	part := rounds(judged)
	part.Name, part.Main = name, name == "left alone" || name == "no herd"
	return part
}

// opened is the moment from which a failing dependency must be left alone. One that hangs is found out when the first
// requests have run out of time.
func opened(o run.Outage, p policy.Policy) time.Duration {
	at := o.Failed + p.BreakerOpen.Value
	if o.Fault == run.Hangs {
		at += p.Deadline.Value
	}
	return at
}

// leftAlone judges how many calls are still made once the dependency must be known to fail. It counts and does not time:
// all rounds count together, and one is enough.
func leftAlone(outages []run.Outage, p policy.Policy) Part {
	wanted, made := 0, 0
	for _, o := range outages {
		due, _ := needing(o, opened(o, p), o.Healed)
		wanted += int(float64(due) * callsEach(o))
		made += calls(o, opened(o, p), o.Healed)
	}
	part := Part{
		Name: "left alone", Main: true, Measured: counted(min(made, wanted), wanted),
		Limit: atMostRatio(p.BreakerCalls, "share"),
		Says: fmt.Sprintf("%s after it began to fail (it %s), %d calls were made for %d requests that asked for one",
			seconds(opened(outages[0], p)-outages[0].Failed), doing(outages[0].Fault), made, wanted),
	}
	switch part.Measured.Value.AtMost(p.BreakerCalls.Value) {
	case stats.Yes:
		part.Verdict = Proved
	case stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
	}
	return part
}

// answersFast wants a request that can't succeed to be told so at once.
func answersFast(o run.Outage, p policy.Policy) Part {
	var times []time.Duration
	for _, s := range o.Streams {
		if s.Needs {
			times = append(times, load.Latencies(s.Due(opened(o, p), o.Healed), nil)...)
		}
	}
	value := stats.QuantileInterval(stats.Sort(times), 0.5, 0.95)
	value.Estimate, value.Lo, value.Hi = value.Estimate/1e9, value.Lo/1e9, value.Hi/1e9
	part := Part{
		Measured: &Measure{Unit: "s", Value: value, Method: value.Method}, Limit: atMost(p.Refusal),
		Says: fmt.Sprintf("then half of %d requests were answered within %s", len(times), seconds(stats.Quantile(times, 0.5))),
	}
	switch value.AtMost(p.Refusal.Value.Seconds()) {
	case stats.Yes:
		part.Verdict = Proved
	case stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
		if len(times) < stats.MinSamples(0.5, 0.95) {
			part.Reason = FewSamples
		}
	}
	return excuse(part, p.Refusal.Value/2, o.During)
}

// usedAgain wants the first request that comes a while after the dependency's return to be served.
func usedAgain(o run.Outage, p policy.Policy) Part {
	at := o.Healed + p.Return.Value
	part := Part{Limit: atMost(p.Return), Verdict: Proved}
	tried := 0
	for _, s := range o.Streams {
		rows := s.Due(at, o.Ended)
		if !s.Needs || len(rows) == 0 {
			continue
		}
		tried++
		first := rows[0]
		if first.Outcome != load.OK {
			part.Verdict = Refuted
			part.Says = fmt.Sprintf("the first %s that came %s after its return got %s (%d)", s.Operation, seconds(s.At+first.Intended-o.Healed), first.Outcome, first.Status)
		}
	}
	switch {
	case tried == 0:
		part.Verdict, part.Reason, part.Says = Inconclusive, NoData, "no request came after its return"
	case part.Verdict == Proved:
		part.Says = fmt.Sprintf("the first request that came %s after its return was served", seconds(p.Return.Value))
	}
	return excuse(part, p.Return.Value/4, o.After)
}

// noHerd wants no second after the return in which more calls are made than ordinary traffic makes.
func noHerd(o run.Outage, p policy.Policy) Part {
	rate := 0.0
	for _, s := range o.Streams {
		if s.Needs {
			rate += s.Rate
		}
	}
	normal := rate * callsEach(o)
	most, at := busiest(o.Calls, o.Healed, o.Ended)
	part := Part{
		Limit:    atMostRatio(p.Herd, "× the ordinary rate"),
		Measured: &Measure{Unit: "× the ordinary rate", Method: "largest of all seconds", Value: exactly(float64(most) / normal)},
		Says:     fmt.Sprintf("in the busiest second after its return %d calls were made, and ordinarily %.0f", most, normal),
	}
	if part.Verdict = Proved; float64(most) > p.Herd.Value*normal+1 {
		part.Verdict = Refuted
		part.Says += fmt.Sprintf("; it began %s after the return", seconds(at-o.Healed))
	}
	return excuse(part, 100*time.Millisecond, o.After)
}

// busiest is the largest number of arrivals within a second, in a span, and when that second begins.
func busiest(arrivals []time.Duration, from, until time.Duration) (most int, at time.Duration) {
	first, _ := slices.BinarySearch(arrivals, from)
	for i := first; i < len(arrivals) && arrivals[i] < until; i++ {
		end, _ := slices.BinarySearch(arrivals, arrivals[i]+time.Second)
		if n := end - i; n > most {
			most, at = n, arrivals[i]
		}
	}
	return most, at
}

// exactly is a value that was counted and not sampled.
func exactly(x float64) stats.Interval {
	return stats.Interval{Estimate: x, Lo: x, Hi: x, N: 1, Method: "counted"}
}
