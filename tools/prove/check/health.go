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

func health() Check {
	return Check{
		ID: "health", Title: "health while dependency is down", Guarantee: blueprint.LifeHealth,
		Promise: "liveness stays 200 while a dependency is down; readiness says 503 and returns with it; both answer at once",
		Why:     "liveness that follows a dependency restarts every replica at once; readiness that doesn't sends traffic to replicas that can only fail",
		Remedies: []Remedy{
			{"plimsoll", "on by default: /livez and /readyz on the admin port; outbound.Config.HealthPath says what to ask, Optional what may fail"},
			{"net/http", "/livez answers 200 and looks at nothing; /readyz reports a probe that runs in the background with a timeout of 1 s"},
			{"node", "@godaddy/terminus with separate live and ready checks; cache the ready result for 1 s"},
			{"jvm", "Spring Boot: management.endpoint.health.probes.enabled=true, and dependencies in the readiness group only"},
			{"python", "two routes; run dependency probes in a background task with a timeout, not in the request"},
		},
		Judge: judgeHealth,
	}
}

func judgeHealth(a *run.Artifacts, p policy.Policy, f *Finding) {
	for _, fault := range []string{run.Refuses, run.Hangs} {
		judged := map[string][]Part{}
		for _, watch := range a.Health {
			if watch.Fault != fault {
				continue
			}
			for _, part := range healthRound(watch, p) {
				judged[part.Name] = append(judged[part.Name], part)
			}
			f.show(fmt.Sprintf("while %s %s, round %d", join(watch.Deps), verb(fault), watch.Round), healthLines(watch))
		}
		for _, name := range []string{"live", "ready follows", "ready returns", "answers at once"} {
			if len(judged[name]) > 0 {
				part := rounds(judged[name])
				part.Name = name + ", dependency " + verb(fault)
				part.Main = name == "live" || name == "ready follows"
				f.addPart(part)
			}
		}
	}
}

// verb is what a dependency does under a fault. It ends the names of the fault's parts.
func verb(fault string) string { return fault + "s" }

// HealthWants reports whether another outage of this kind could decide what a finding about health leaves open.
func HealthWants(f Finding, fault string) bool {
	return slices.ContainsFunc(f.Parts, func(p Part) bool { return strings.HasSuffix(p.Name, verb(fault)) && p.WantsRepeat() })
}

func healthRound(watch run.Health, p policy.Policy) []Part {
	if !watch.Reached {
		return []Part{{Name: "live", Verdict: NotApplicable, Reason: DepUnused, Says: "no operation used the dependency while it was down"}}
	}
	var parts []Part
	if len(watch.Live) > 0 {
		parts = append(parts, liveStays(watch))
	}
	if len(watch.Ready) > 0 {
		parts = append(parts, readyFollows(watch, p.HealthFlip))
		if !watch.Soft {
			parts = append(parts, readyReturns(watch, p.HealthFlip))
		}
	}
	if part, ok := promptly(watch, p.HealthAnswer); ok {
		parts = append(parts, part)
	}
	return parts
}

// lateLook is how late the prover's clock may be for a look without an answer to be the service's fault.
const lateLook = 500 * time.Millisecond

// liveStays wants 200 from every look while the dependency is down.
func liveStays(watch run.Health) Part {
	part := Part{Name: "live", Verdict: Proved}
	looks, bad, unanswered := 0, 0, 0
	for _, poll := range watch.Live {
		if poll.At < watch.Failed || poll.At > watch.Healed {
			continue
		}
		looks++
		if poll.Status == 200 {
			continue
		}
		if poll.Status == 0 {
			unanswered++
		}
		if bad++; bad == 1 {
			part.Says = fmt.Sprintf("liveness said %s %s after the dependency went", said(poll), seconds(poll.At-watch.Failed))
		}
	}
	part.Measured, part.Limit = counted(bad, looks), ofShare("<=", 0)
	switch {
	case looks == 0:
		part.Verdict, part.Reason, part.Says = Inconclusive, NoData, "liveness was not looked at while the dependency was down"
	case bad == unanswered && bad > 0 && watch.Noise.Worst > lateLook:
		part.Verdict, part.Reason = Inconclusive, Lag
		part.Says += "; " + lateness(watch.Noise)
	case bad > 0:
		part.Verdict = Refuted
	default:
		part.Says = fmt.Sprintf("liveness 200 in all of %d looks", looks)
	}
	return part
}

// readyFollows wants a readiness other than 200 soon after a hard dependency went, and 200 throughout for a soft one.
func readyFollows(watch run.Health, limit policy.Time) Part {
	part := Part{Name: "ready follows", Limit: atMost(limit)}
	at, poll, found := firstPoll(watch.Ready, watch.Failed, watch.Healed, func(s int) bool { return s != 200 })
	switch {
	case watch.Soft && found:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("readiness said %s although the dependency is declared soft", said(poll))
	case watch.Soft:
		part.Verdict, part.Says = Proved, "readiness stayed 200: the dependency is declared soft"
	case !found:
		part.Verdict, part.Reason = timely(watch.Healed-watch.Failed, limit, watch.Noise)
		if part.Verdict == Proved {
			part.Verdict, part.Reason = Inconclusive, WatchShort
		}
		part.Says = fmt.Sprintf("readiness still 200 %s after the dependency went", seconds(watch.Healed-watch.Failed))
	case poll.Status != 503:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("readiness said %s, which is not 503", said(poll))
	default:
		part.Verdict, part.Reason = timely(at-watch.Failed, limit, watch.Noise)
		part.Measured = largest(at-watch.Failed, 1)
		part.Says = fmt.Sprintf("readiness 503 %s after the dependency went", seconds(at-watch.Failed))
	}
	return part
}

func readyReturns(watch run.Health, limit policy.Time) Part {
	part := Part{Name: "ready returns", Limit: atMost(limit)}
	_, _, went := firstPoll(watch.Ready, watch.Failed, watch.Healed, func(s int) bool { return s != 200 })
	at, _, found := firstPoll(watch.Ready, watch.Healed, watch.Ended, func(s int) bool { return s == 200 })
	switch {
	case !went:
		part.Verdict, part.Reason, part.Says = NotApplicable, DepUnused, "readiness had not changed"
	case !found:
		part.Verdict, part.Reason = timely(watch.Ended-watch.Healed, limit, watch.Noise)
		if part.Verdict == Proved {
			part.Verdict, part.Reason = Inconclusive, WatchShort
		}
		part.Says = fmt.Sprintf("readiness not 200 again %s after the dependency returned", seconds(watch.Ended-watch.Healed))
	default:
		part.Verdict, part.Reason = timely(at-watch.Healed, limit, watch.Noise)
		part.Measured = largest(at-watch.Healed, 1)
		part.Says = fmt.Sprintf("readiness 200 again %s after the dependency returned", seconds(at-watch.Healed))
	}
	return part
}

// promptly wants every look answered within the limit, whatever it said.
func promptly(watch run.Health, limit policy.Time) (Part, bool) {
	var slowest time.Duration
	n := 0
	for _, poll := range append(append([]run.Poll(nil), watch.Live...), watch.Ready...) {
		if poll.Status != 0 || poll.Took > limit.Value {
			n++
			slowest = max(slowest, poll.Took)
		}
	}
	part := Part{Name: "answers at once", Limit: atMost(limit), Measured: largest(slowest, n)}
	part.Verdict, part.Reason = timely(slowest, limit, watch.Noise)
	part.Says = fmt.Sprintf("the slowest of %d health answers took %s", n, seconds(slowest))
	return part, n > 0
}

// firstPoll is the first look in a span whose status is accepted. When it was answered counts, not when it was asked.
func firstPoll(polls []run.Poll, from, until time.Duration, accept func(int) bool) (time.Duration, run.Poll, bool) {
	for _, poll := range polls {
		if poll.At >= from && poll.At <= until && accept(poll.Status) {
			return poll.At + poll.Took, poll, true
		}
	}
	return 0, run.Poll{}, false
}

func said(poll run.Poll) string {
	if poll.Status == 0 {
		return "nothing (" + poll.Problem + ")"
	}
	return fmt.Sprint(poll.Status)
}

// healthLines is the timeline: one line for each change.
func healthLines(watch run.Health) []string {
	var lines []string
	add := func(at time.Duration, text string) {
		lines = append(lines, fmt.Sprintf("%9.3f s  %s", at.Seconds(), text))
	}
	add(watch.Failed, "the dependency goes")
	for name, polls := range map[string][]run.Poll{"live": watch.Live, "ready": watch.Ready} {
		before := -1
		for _, poll := range polls {
			if poll.Status != before {
				add(poll.At, name+" says "+said(poll)+" "+poll.Body)
			}
			before = poll.Status
		}
	}
	add(watch.Healed, "the dependency returns")
	sortLines(lines)
	return lines
}
