package check

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func deadline() Check {
	return Check{
		ID: "deadline", Title: "deadline, dependency hangs", Guarantee: blueprint.TimeDeadline,
		Promise: "while a dependency hangs, every request that needs it has a complete 502, 503 or 504 within its budget",
		Why:     "without a deadline one dependency that hangs holds every request, and the callers' callers",
		Remedies: []Remedy{
			{"plimsoll", "on by default: 5 s a route, route.Budget for another number; outbound calls inherit what is left"},
			{"net/http", "a context.WithTimeout per request for every call inside, http.Client.Timeout below it, and http.TimeoutHandler for handlers that ignore both"},
			{"node", "fetch(url, {signal: AbortSignal.timeout(2000)}) on every call, and a 504 when it fires"},
			{"jvm", "Spring: RestClient with connect and read timeouts, Resilience4j TimeLimiter; WebClient: .timeout(Duration)"},
			{"python", "httpx.Client(timeout=2.0); asyncio.timeout(5) around the handler; requests has no timeout unless each call passes one"},
		},
		Judge: judgeDeadline,
	}
}

func judgeDeadline(a *run.Artifacts, p policy.Policy, f *Finding) {
	var judged []Part
	for _, round := range a.Hung {
		judged = append(judged, hungRound(round, p.Deadline))
		if len(round.Tries) > 0 {
			f.show(fmt.Sprintf("%s while %s hangs, round %d, one of %d", round.Operation, round.Dep, round.Round, len(round.Tries)), latest(round).Transcript)
		}
	}
	if len(judged) > 0 {
		part := rounds(judged)
		part.Name, part.Main = "answered in time", true
		f.addPart(part)
	}
}

func hungRound(round run.Hung, limit policy.Time) Part {
	part := Part{Limit: atMost(limit)}
	var slowest time.Duration
	silent, wrong, tried := 0, 0, 0
	statuses := map[int]int{}
	for _, try := range round.Tries {
		if try.Problem != "" {
			continue
		}
		tried++
		slowest = max(slowest, try.After)
		switch {
		case try.Status == 0:
			silent++
		case try.Status == 500 || try.Status < 200:
			wrong++
		}
		statuses[try.Status]++
	}
	part.Measured = largest(slowest, tried)
	part.Verdict, part.Reason = timely(slowest, limit, round.Noise)
	switch {
	case tried == 0:
		part.Verdict, part.Reason, part.Says = Inconclusive, ToolFailed, "no request could be sent"
	case round.Reached == 0:
		part.Verdict, part.Reason = NotApplicable, DepUnused
		part.Says = fmt.Sprintf("%s never called %s", round.Operation, round.Dep)
	case silent > 0 && part.Verdict == Proved:
		part.Verdict, part.Reason = Refuted, NoReason
		part.Says = fmt.Sprintf("%d of %d connections ended without a complete answer", silent, tried)
	case silent > 0:
		part.Says = fmt.Sprintf("%d of %d without a complete answer after %s", silent, tried, seconds(slowest))
	case part.Verdict == Proved && wrong > 0:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("%d of %d answered 500 (within %s): a caller can't tell this from a bug; 504 says that time ran out", wrong, tried, seconds(slowest))
	default:
		part.Says = fmt.Sprintf("%d answers (%s), the last after %s", tried, statusCounts(statuses), seconds(slowest))
	}
	if part.Reason == Lag {
		part.Says += "; " + lateness(round.Noise)
	}
	return part
}

func latest(round run.Hung) run.HungTry {
	out := round.Tries[0]
	for _, try := range round.Tries {
		if try.Problem == "" && try.After > out.After {
			out = try
		}
	}
	return out
}
