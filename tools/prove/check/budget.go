package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

const (
	// fewestCalls must have arrived for a budget to be judged.
	fewestCalls = 4

	// lateCall is how long after the caller's deadline a call may arrive: it was on its way.
	lateCall = 100 * time.Millisecond
)

func budget() Check {
	return Check{
		ID: "budget", Title: "the budget travels and shrinks", Guarantee: blueprint.TimePropagate,
		Promise: "what a caller's time leaves travels with every call to a dependency, smaller at every hop, and nothing is called when it is over",
		Why:     "a dependency that does not know that nobody waits any more works for nobody, just when it has too much to do",
		Remedies: []Remedy{
			{"plimsoll", "on by default: outbound sends Plimsoll-Budget with what is left; budget.Forward does it for any http.Header"},
			{"net/http", "a middleware that reads the budget into context.WithTimeout, and a RoundTripper that writes what the context's deadline leaves, less a reserve"},
			{"node", "keep the deadline in AsyncLocalStorage; a fetch wrapper that sets the header to deadline - Date.now() and aborts with AbortSignal.timeout"},
			{"jvm", "gRPC forwards deadlines by itself; over HTTP a filter that keeps the deadline and a client interceptor that writes what is left"},
			{"python", "a contextvar with the deadline; an httpx event hook that writes what is left and sets the timeout to it"},
		},
		Judge: judgeBudget,
	}
}

func judgeBudget(a *run.Artifacts, _ policy.Policy, f *Finding) {
	judged := map[string][]Part{}
	for _, round := range a.Budgets {
		for _, part := range []Part{forwarded(round), shrinking(round), nothingLate(round)} {
			judged[part.Name] = append(judged[part.Name], part)
		}
		f.show(fmt.Sprintf("what the dependency was told, round %d", round.Round), budgetLines(round))
	}
	for _, name := range []string{"forwarded", "shrinking", "nothing late"} {
		if len(judged[name]) == 0 {
			continue
		}
		part := judged[name][len(judged[name])-1] // what a header says does not depend on the machine
		if name == "nothing late" {
			part = rounds(judged[name])
		}
		part.Name, part.Main = name, true
		f.addPart(part)
	}
}

// forwarded wants every call to say a budget that is smaller than what the caller gave.
func forwarded(round run.Budgets) Part {
	part := Part{Name: "forwarded", Verdict: Proved}
	all, bare, large := 0, 0, 0
	example, headers := "", []string{}
	for _, try := range round.Tries {
		for _, call := range try.Calls {
			if try.Dep == run.Silence || try.Dep == run.Refusal {
				continue // those are about time
			}
			all++
			switch {
			case call.Header == "":
				bare++
			case call.Left >= try.Given:
				large++
				example = fmt.Sprintf(": the caller gave %s and %s %s was told %s in %s", seconds(try.Given), call.Method, call.Path, seconds(call.Left), call.Header)
			}
			if call.Header != "" && !slices.Contains(headers, call.Header) {
				headers = append(headers, call.Header)
			}
		}
	}
	part.Measured, part.Limit = counted(all-bare-large, all), ofShare(">=", 1)
	switch {
	case all == 0:
		part.Verdict, part.Reason, part.Says = NotApplicable, DepUnused, "no call reached the dependency"
	case all < fewestCalls:
		part.Verdict, part.Reason, part.Says = Inconclusive, FewSamples, fmt.Sprintf("only %d calls reached the dependency", all)
	case bare > 0:
		part.Verdict, part.Says = Refuted, fmt.Sprintf("%d of %d calls did not say how much time is left", bare, all)
	case large > 0:
		part.Verdict, part.Says = Refuted, fmt.Sprintf("%d of %d calls were given no less time than the caller has%s", large, all, example)
	default:
		part.Says = fmt.Sprintf("all of %d calls said a budget (%s) that was smaller than the caller's", all, join(headers))
	}
	return part
}

// shrinking wants later calls of one request to be given less than earlier ones.
func shrinking(round run.Budgets) Part {
	part := Part{Name: "shrinking", Verdict: Proved}
	pairs, bad := 0, 0
	example := ""
	for _, try := range round.Tries {
		if try.Dep != run.Well && try.Dep != run.Again {
			continue
		}
		for i := 1; i < len(try.Calls); i++ {
			before, after := try.Calls[i-1], try.Calls[i]
			if before.Header == "" || after.Header == "" || after.After-before.After < 20*time.Millisecond {
				continue // at the same time is no later
			}
			pairs++
			if after.Left >= before.Left {
				bad++
				example = fmt.Sprintf(": %s later %s %s was told %s, and the call before %s", seconds(after.After-before.After), after.Method, after.Path, seconds(after.Left), seconds(before.Left))
			}
		}
	}
	part.Measured, part.Limit = counted(pairs-bad, pairs), ofShare(">=", 1)
	switch {
	case pairs == 0:
		part.Verdict, part.Reason = NotApplicable, OneCall
		part.Says = "no request made a second call later on"
	case bad > 0:
		part.Verdict, part.Says = Refuted, fmt.Sprintf("%d of %d later calls of a request were given no less than the one before%s", bad, pairs, example)
	default:
		part.Says = fmt.Sprintf("all of %d later calls of a request were given less than the one before", pairs)
	}
	return part
}

// nothingLate wants no call to arrive after the caller's deadline.
func nothingLate(round run.Budgets) Part {
	part := Part{Name: "nothing late", Verdict: Proved}
	all, late := 0, 0
	var worst time.Duration
	example := ""
	for _, try := range round.Tries {
		for _, call := range try.Calls {
			all++
			over := call.After - try.Given
			if over <= lateCall {
				continue
			}
			late++
			if over > worst {
				worst = over
				example = fmt.Sprintf(": %s %s arrived %s after a caller's %s were over, while the dependency %s", call.Method, call.Path, seconds(over), seconds(try.Given), try.Dep)
			}
		}
	}
	part.Measured, part.Limit = counted(late, all), ofShare("<=", 0)
	switch {
	case all == 0:
		part.Verdict, part.Reason, part.Says = NotApplicable, DepUnused, "no call reached the dependency"
	case late > 0:
		part.Verdict, part.Says = Refuted, fmt.Sprintf("%d of %d calls arrived when the caller had given up%s", late, all, example)
	default:
		part.Says = fmt.Sprintf("none of %d calls arrived after the caller's deadline", all)
	}
	if worst <= lateCall+2*round.Noise.Worst {
		return excuse(part, 0, round.Noise)
	}
	return excuse(part, worst, round.Noise)
}

// budgetLines is one line for each request.
func budgetLines(round run.Budgets) []string {
	var lines []string
	for _, try := range round.Tries {
		line := fmt.Sprintf("%s given, %s: answer %d", seconds(try.Given), try.Dep, try.Status)
		if try.Problem != "" {
			line += ", " + try.Problem
		}
		for _, call := range try.Calls {
			told := "nothing"
			if call.Header != "" {
				told = seconds(call.Left)
			}
			line += fmt.Sprintf("; told %s at %s", told, seconds(call.After))
		}
		lines = append(lines, line+" ("+try.Operation+")")
	}
	return lines
}
