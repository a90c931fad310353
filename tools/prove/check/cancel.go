package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// cancelShare of the tries must be given up: 19 of 20, as packets and processes may cross.
const cancelShare = 0.95

func cancel() Check {
	return Check{
		ID: "cancel", Title: "cancellation reaches the dependency", Guarantee: blueprint.TimeCancel,
		Promise: "when the client leaves, the call that its request made at a dependency ends",
		Why:     "work for callers that are gone is what keeps an overloaded system overloaded",
		Remedies: []Remedy{
			{"plimsoll", "on by default: the request's context ends, and outbound and store calls with it"},
			{"net/http", "pass r.Context() to every call (http.NewRequestWithContext, QueryContext), and read the body before the work: net/http sees a client leave only then"},
			{"node", "req.on('close', () => controller.abort()) and pass controller.signal to fetch"},
			{"jvm", "WebFlux cancels by itself; servlets don't: use AsyncContext.onError and cancel the future"},
			{"python", "ASGI: watch receive() for http.disconnect and cancel the task; WSGI can't"},
		},
		Judge: judgeCancel,
	}
}

func judgeCancel(a *run.Artifacts, p policy.Policy, f *Finding) {
	var judged []Part
	for _, round := range a.Left {
		judged = append(judged, leftRound(round, p.Cancel))
		f.show(fmt.Sprintf("counted at the dependency, round %d", round.Round), leftLines(round))
	}
	if len(judged) > 0 {
		part := rounds(judged)
		part.Name, part.Main = "ended at the dependency", true
		f.addPart(part)
	}
}

func leftRound(round run.Left, limit policy.Time) Part {
	reached, ended, near := 0, 0, 0
	var times []time.Duration
	for _, try := range round.Tries {
		if try.Problem != "" || !try.Reached {
			continue
		}
		reached++
		if !try.Ended {
			continue
		}
		times = append(times, try.After)
		switch verdict, _ := timely(try.After, limit, round.Noise); verdict {
		case Proved:
			ended++
		case Inconclusive:
			near++
		}
	}
	part := Part{
		Measured: counted(ended, reached),
		Limit:    &Limit{Op: ">=", Value: cancelShare, Unit: "share", Source: policy.Default},
	}
	slices.Sort(times)
	spread := ""
	if len(times) > 0 {
		spread = fmt.Sprintf(", median %s, last %s", seconds(times[len(times)/2]), seconds(times[len(times)-1]))
	}
	part.Says = fmt.Sprintf("%d of %d calls ended within %s of the client's leaving%s", ended, reached, seconds(limit.Value+limit.Slack()), spread)
	switch {
	case reached == 0 && len(round.Tries) > 0 && round.Tries[0].Problem != "":
		part.Verdict, part.Reason, part.Says = Inconclusive, ToolFailed, round.Tries[0].Problem
	case reached == 0:
		part.Verdict, part.Reason, part.Says = NotApplicable, DepUnused, "no call reached the dependency"
	case reached < len(round.Tries)/2:
		part.Verdict, part.Reason = Inconclusive, FewSamples
		part.Says = fmt.Sprintf("only %d of %d tries reached the dependency", reached, len(round.Tries))
	case float64(ended) >= cancelShare*float64(reached):
		part.Verdict = Proved
	case float64(ended+near) >= cancelShare*float64(reached):
		part.Verdict, part.Reason = Inconclusive, Lag
		part.Says += "; " + lateness(round.Noise)
	default:
		part.Verdict = Refuted
	}
	return part
}

// leftLines is one line for each way of leaving.
func leftLines(round run.Left) []string {
	type way struct{ operation, how string }
	counts := map[way][2]int{}
	var order []way
	for _, try := range round.Tries {
		w := way{strings.TrimSpace(try.Method + " " + try.Operation), try.How}
		c, seen := counts[w]
		if !seen {
			order = append(order, w)
		}
		if try.Reached {
			c[1]++
		}
		if try.Reached && try.Ended {
			c[0]++
		}
		counts[w] = c
	}
	var lines []string
	for _, w := range order {
		lines = append(lines, fmt.Sprintf("%s, client sends %s: %d of %d calls seen to end", w.operation, w.how, counts[w][0], counts[w][1]))
	}
	return lines
}
