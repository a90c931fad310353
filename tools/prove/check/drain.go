package check

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func drain() Check {
	return Check{
		ID: "drain", Title: "SIGTERM under load", Guarantee: blueprint.LifeDrain,
		Promise: "a deploy loses no request: readiness goes first, the listener later, and the process ends cleanly",
		Why:     "every deploy, scale-down and node drain shows users errors, and retries turn writes into duplicates",
		Remedies: []Remedy{
			{"plimsoll", "on by default: readiness 503, serve on for PLIMSOLL_DRAIN_LAG with Connection: close, then Shutdown"},
			{"net/http", "on SIGTERM: readiness 503, sleep for longer than the router polls, then Shutdown; answer with Connection: close meanwhile; never SetKeepAlivesEnabled(false) before the wait"},
			{"node", "on SIGTERM: readiness 503, wait, then server.close(); set Connection: close on answers (or use stoppable)"},
			{"jvm", "Spring Boot: server.shutdown=graceful, and a preStop sleep so that readiness is seen before the connector stops"},
			{"python", "gunicorn --graceful-timeout 25 with a preStop sleep; uvicorn --timeout-graceful-shutdown 25"},
		},
		Judge: judgeDrain,
	}
}

func judgeDrain(a *run.Artifacts, p policy.Policy, f *Finding) {
	if len(a.Drains) == 0 {
		return
	}
	lost := noneLost(a.Drains, p.Plan, f)
	lost.Main = true
	f.addPart(lost)
	f.addPart(noneRefused(a.Drains, p.Plan))
	f.addPart(readinessFirst(a.Drains, p))
	f.addPart(endsCleanly(a.Drains, p.Exit))
	for _, round := range a.Drains {
		f.show(fmt.Sprintf("round %d", round.Round), drainLines(round))
	}
}

// punctual reports whether the prover's router was as quick as it says: one that looks at readiness late goes on sending
// to a service that had long said no.
func punctual(round run.Drain, plan policy.Plan) bool {
	return round.Gap <= 2*plan.RouterPoll && round.Noise.Worst <= plan.RouterPoll
}

// enoughPunctual rounds tell without those in which the router was late.
const enoughPunctual = 2

func punctualRounds(rounds []run.Drain, plan policy.Plan) bool {
	n := 0
	for _, round := range rounds {
		if punctual(round, plan) {
			n++
		}
	}
	return n >= enoughPunctual
}

// noneLost needs no repetition: a request whose bytes went out and whose answer never came is one too many. From a router
// that was late only those count that a punctual one would have lost too.
func noneLost(rounds []run.Drain, plan policy.Plan, f *Finding) Part {
	lost, doubtful, exposed, answered, unclear := 0, 0, 0, 0, 0
	sure := punctualRounds(rounds, plan)
	for _, round := range rounds {
		exposed, answered, unclear = exposed+round.Exposed, answered+round.Answered, unclear+round.Unclear
		lost += round.LostSoon
		if late := round.LostCount - round.LostSoon; punctual(round, plan) {
			lost += late
		} else {
			doubtful += late
		}
		if len(round.Lost) > 0 {
			first := round.Lost[0]
			f.show(fmt.Sprintf("a lost request of round %d, written %s after the signal: %s", round.Round, seconds(first.At), first.How), first.Transcript)
		}
	}
	part := Part{Name: "none lost", Measured: counted(lost, exposed), Limit: ofShare("<=", 0)}
	part.Says = fmt.Sprintf("%d lost of %d under way at SIGTERM or later (%d answered in all, %d rounds)", lost, exposed, answered, len(rounds))
	switch {
	case lost > 0:
		part.Verdict = Refuted
	case exposed == 0:
		part.Verdict, part.Reason = Inconclusive, FewSamples
	case doubtful > 0 && !sure:
		part.Verdict, part.Reason = Inconclusive, Lag
		part.Says = fmt.Sprintf("%d were lost after the prover's own router should have stopped, which was late", doubtful)
	case unclear > exposed/100:
		part.Verdict, part.Reason = Inconclusive, ToolFailed
		part.Says = fmt.Sprintf("the prover could not tell the fate of %d of %d requests", unclear, exposed)
	default:
		part.Verdict = Proved
		part.Says += fmt.Sprintf(": at most %.2f %% with 95 %% confidence", 100*part.Measured.Value.Hi)
	}
	return part
}

func noneRefused(rounds []run.Drain, plan policy.Plan) Part {
	part := Part{Name: "none refused", Verdict: Proved, Limit: ofShare("<=", 0)}
	refused, doubtful, sent := 0, 0, 0
	for _, round := range rounds {
		sent += round.Exposed
		refused += round.RefusedSoon
		if late := round.Refused - round.RefusedSoon; punctual(round, plan) {
			refused += late
		} else {
			doubtful += late
		}
	}
	part.Measured = counted(refused, sent+refused)
	part.Says = "no connection was refused while the router still sent"
	switch {
	case refused > 0:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("%d connections refused while the router, which polls readiness, still sent", refused)
	case doubtful > 0 && !punctualRounds(rounds, plan):
		part.Verdict, part.Reason = Inconclusive, Lag
		part.Says = fmt.Sprintf("%d connections refused after the prover's own router should have stopped, which was late", doubtful)
	}
	return part
}

func readinessFirst(drains []run.Drain, p policy.Policy) Part {
	var judged []Part
	for _, round := range drains {
		part := readinessOf(round, p.ReadyOff)
		if part.Verdict == Refuted && !punctual(round, p.Plan) {
			part.Verdict, part.Reason = Inconclusive, Lag
		}
		judged = append(judged, part)
	}
	return named("readiness first", judged)
}

func readinessOf(round run.Drain, limit policy.Time) Part {
	part := Part{Limit: atMost(limit)}
	switch {
	case len(round.Ready) == 0:
		part.Verdict, part.Reason, part.Says = NotApplicable, NoHealth, "plimsoll.yaml names no readiness path"
	case round.ReadyOff == run.NoTime:
		part.Verdict = Refuted
		part.Says = "readiness never said anything but 200"
	case round.ReadySaid == 0:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("the listener was gone %s after SIGTERM and readiness had never said 503", seconds(round.ReadyOff))
	case round.Closed != run.NoTime && round.Closed <= round.ReadyOff:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("the listener refused connections %s after SIGTERM, readiness only said so at %s", seconds(round.Closed), seconds(round.ReadyOff))
	default:
		part.Verdict, part.Reason = timely(round.ReadyOff, limit, round.Noise)
		part.Measured = largest(round.ReadyOff, 1)
		part.Says = fmt.Sprintf("readiness %d after %s%s", round.ReadySaid, seconds(round.ReadyOff), listenerClosed(round))
	}
	return part
}

func listenerClosed(round run.Drain) string {
	if round.Closed == run.NoTime {
		return ""
	}
	return fmt.Sprintf(", listener closed after %s", seconds(round.Closed))
}

func endsCleanly(drains []run.Drain, limit policy.Time) Part {
	var judged []Part
	for _, round := range drains {
		part := Part{Limit: atMost(limit), Measured: largest(round.Exit, 1)}
		part.Verdict, part.Reason = timely(round.Exit, limit, round.Noise)
		switch {
		case !round.Exited:
			part.Says = fmt.Sprintf("still running %s after SIGTERM", seconds(round.Exit))
			if part.Verdict == Proved {
				part.Verdict, part.Reason = Inconclusive, WatchShort
			}
		case round.Code != 0:
			part.Verdict, part.Reason = Refuted, NoReason
			part.Says = fmt.Sprintf("exit code %d after %s", round.Code, seconds(round.Exit))
			if round.Code < 0 {
				part.Says = fmt.Sprintf("ended by the signal itself after %s: it does not handle SIGTERM", seconds(round.Exit))
			}
		default:
			part.Says = fmt.Sprintf("exit code 0 after %s", seconds(round.Exit))
		}
		judged = append(judged, part)
	}
	return named("ends cleanly", judged)
}

func named(name string, judged []Part) Part {
	part := rounds(judged)
	part.Name = name
	return part
}

// drainLines is the timeline of one round.
func drainLines(round run.Drain) []string {
	var lines []string
	add := func(at time.Duration, format string, args ...any) {
		if at != run.NoTime {
			lines = append(lines, fmt.Sprintf("%9.3f s  ", at.Seconds())+fmt.Sprintf(format, args...))
		}
	}
	add(0, "SIGTERM, %s at %.0f requests/s over %d kept-alive connections in turn", round.Operation, round.Rate, round.Connections)
	if round.ReadySaid == 0 {
		add(round.ReadyOff, "readiness gives no answer any more")
	} else {
		add(round.ReadyOff, "readiness says %d", round.ReadySaid)
	}
	add(round.Stopped, "the router (polls readiness, stops after the first refusal) stops sending")
	add(round.Closed, "the listener refuses connections")
	if round.Exited {
		add(round.Exit, "the process ends with exit code %d", round.Code)
	}
	sortLines(lines)
	for i, lost := range round.Lost {
		if i == 5 {
			lines = append(lines, fmt.Sprintf("… %d lost in all", round.LostCount))
			break
		}
		lines = append(lines, fmt.Sprintf("%9.3f s  request written, and lost: %s", lost.At.Seconds(), lost.How))
	}
	return lines
}
