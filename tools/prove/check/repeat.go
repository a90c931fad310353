package check

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func repeat() Check {
	return Check{
		ID: "repeat", Title: "a POST is not sent twice", Guarantee: blueprint.DepRetry,
		Promise: "a POST that may have been executed is not sent again, unless it carries the same Idempotency-Key",
		Why:     "a payment whose answer was lost is a payment; sent again it is two",
		Remedies: []Remedy{
			{"plimsoll", "on by default: outbound repeats idempotent methods, calls with an Idempotency-Key, and what was answered Plimsoll-Executed: no"},
			{"net/http", "retry GET, PUT and DELETE only; for a POST send an Idempotency-Key that all tries share, and check that the other side honours it"},
			{"node", "got retries no POST by default; axios-retry: keep retryCondition isIdempotentRequestError"},
			{"jvm", "Apache HttpClient: requestSentRetryEnabled false; Spring Retry and Resilience4j Retry know no methods: leave writes out"},
			{"python", "urllib3 Retry: keep allowed_methods without POST; tenacity around a whole function repeats everything in it"},
		},
		Judge: judgeRepeat,
	}
}

// judgeRepeat counts. A call that arrived twice arrived twice, however busy the machine was: once is enough.
func judgeRepeat(a *run.Artifacts, _ policy.Policy, f *Finding) {
	for _, round := range a.Repeats {
		executed, keyed, judged, allowed := 0, 0, 0, 0
		problem := ""
		for _, mode := range round.Modes {
			if mode.Problem != "" {
				problem = fmt.Sprintf("while the dependency %s: %s", mode.Dep, mode.Problem)
				continue
			}
			if !mode.Executed {
				allowed += max(mode.Seen.Calls-mode.Requests*round.Normal.Calls, 0)
			}
			if part, broken := twice(round, mode); broken {
				f.show(fmt.Sprintf("%d requests for %s while the dependency %s", mode.Requests, round.Operation, mode.Dep), mode.Lines)
				f.addPart(part)
				continue
			}
			if mode.Executed && mode.Seen.Calls > 0 {
				judged++
				executed += mode.Seen.Calls
				keyed += max(mode.Seen.Calls-mode.Requests*round.Normal.Calls, 0)
			}
		}
		f.addPart(once(round, executed, keyed, judged, allowed, problem))
	}
}

// twice is the refutation by one way in which the dependency failed.
func twice(round run.Repeats, mode run.RepeatsMode) (Part, bool) {
	part := Part{Name: "sent once, dependency " + mode.Dep, Main: true, Verdict: Refuted}
	bare, keys := mode.Requests*round.Normal.Bare, mode.Requests*round.Normal.Keyed
	switch {
	case mode.Executed && mode.Seen.Bare > bare:
		part.Says = fmt.Sprintf("while the dependency executes and %s, %d requests for %s sent %d calls that carry no Idempotency-Key, and should send %d",
			mode.Dep, mode.Requests, round.Operation, mode.Seen.Bare, bare)
		part.Measured = counted(bare, mode.Seen.Bare)
	case mode.Executed && (mode.NewKeys > 0 || mode.Seen.Keyed > keys):
		part.Says = fmt.Sprintf("while the dependency executes and %s, %d requests for %s were sent under %d different keys, and should be under %d: a new key is a new execution",
			mode.Dep, mode.Requests, round.Operation, mode.Seen.Keyed, keys)
		part.Measured = counted(keys, mode.Seen.Keyed)
	default:
		return part, false
	}
	return part, true
}

func once(round run.Repeats, executed, keyed, judged, allowed int, problem string) Part {
	part := Part{Name: "sent once", Main: true, Verdict: Proved, Limit: ofShare("<=", 0), Measured: counted(0, executed)}
	modes := 0
	for _, mode := range round.Modes {
		if mode.Executed {
			modes++
		}
	}
	part.Says = fmt.Sprintf("%d calls for %s were executed and not acknowledged, in %d ways: none was sent again without its key", executed, round.Operation, judged)
	if keyed > 0 {
		part.Says += fmt.Sprintf(", %d under the same key", keyed)
	}
	if allowed > 0 {
		part.Says += fmt.Sprintf("; %d were sent again after an answer that they were not executed, which is allowed", allowed)
	}
	switch {
	case judged == 0 && problem == "":
		part.Verdict, part.Reason, part.Says = Inconclusive, NoData, "no call reached the dependency while it failed"
	case judged < modes && problem != "":
		part.Verdict, part.Reason, part.Says = Inconclusive, ServiceGone, problem
	case judged < modes:
		part.Verdict, part.Reason = Inconclusive, NoData
		part.Says += fmt.Sprintf("; in %d ways none reached it", modes-judged)
	}
	return part
}
