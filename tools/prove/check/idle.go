package check

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func idle() Check {
	return Check{
		ID: "idle", Title: "idle connections", Guarantee: blueprint.TimeConnection,
		Promise: "a kept-alive connection that nobody uses is closed, but not so soon that it races the load balancer",
		Why:     "idle connections add up until no descriptor is left; ones closed too soon turn into errors at the load balancer",
		Remedies: []Remedy{
			{"plimsoll", "on by default: 75 s"},
			{"net/http", "set http.Server.IdleTimeout, for example 75 * time.Second; without it and ReadTimeout there is no limit"},
			{"node", "server.keepAliveTimeout = 75_000: the default of 5 s is shorter than most load balancers' 60 s"},
			{"jvm", "Tomcat: server.tomcat.keep-alive-timeout=75s; Jetty: server.jetty.connection-idle-timeout=75s"},
			{"python", "uvicorn --timeout-keep-alive 75; gunicorn --keep-alive 75 with a threaded or async worker"},
		},
		Judge: judgeIdle,
	}
}

func judgeIdle(a *run.Artifacts, p policy.Policy, f *Finding) {
	var soon, late []Part
	for _, round := range a.Waits {
		if round.Attack != run.Idle {
			continue
		}
		first, last := idleRound(round, p)
		soon, late = append(soon, first), append(late, last)
		f.show(fmt.Sprintf("round %d, one of %d connections", round.Round, len(round.Conns)), worst(round).Transcript)
	}
	if len(late) == 0 {
		return
	}
	// What is still there at the end of the watch is no matter of milliseconds, and a second watch would take minutes.
	closed, kept := late[len(late)-1], rounds(soon)
	closed.Name, kept.Name = "closed in the end", "not closed too soon"
	closed.Main = true
	f.addPart(closed)
	f.addPart(kept)
}

// idleRound judges one round twice: the soonest close against the least, the latest against the most.
func idleRound(round run.Waits, p policy.Policy) (soon, late Part) {
	soonest, latest := round.Watched, time.Duration(0)
	open, tried := 0, 0
	for _, c := range round.Conns {
		if c.Problem != "" {
			continue
		}
		tried++
		at := c.After
		if c.Closed == "" {
			open++
			at = round.Watched
		}
		soonest, latest = min(soonest, at), max(latest, at)
	}
	if tried == 0 {
		failed := Part{Verdict: Inconclusive, Reason: ToolFailed, Says: "no connection could be opened: " + firstProblem(round)}
		return failed, failed
	}
	late = Part{Measured: largest(latest, tried), Limit: atMost(p.IdleMax)}
	switch {
	case open > 0 && !round.Alive:
		late.Verdict, late.Reason, late.Says = Inconclusive, ServiceGone, "the service did not answer an ordinary request afterwards"
	case open > 0 && round.Watched <= p.IdleMax.Value+p.IdleMax.Slack():
		late.Verdict, late.Reason = Inconclusive, WatchShort
		late.Says = fmt.Sprintf("%d of %d still open when the watch ended after %s; attack: {idle_watch: %s} waits long enough", open, tried,
			seconds(round.Watched), (p.IdleMax.Value + p.IdleMax.Slack() + time.Second).Round(time.Second))
	case open > 0:
		late.Verdict, late.Reason = timely(round.Watched, p.IdleMax, round.Noise)
		late.Says = fmt.Sprintf("%d of %d still open after %s of silence", open, tried, seconds(round.Watched))
	default:
		late.Verdict, late.Reason = timely(latest, p.IdleMax, round.Noise)
		late.Says = fmt.Sprintf("all %d closed, the last after %s of silence", tried, seconds(latest))
	}
	soon = Part{Measured: smallest(soonest, tried), Limit: atLeast(p.IdleMin), Verdict: Proved}
	soon.Says = fmt.Sprintf("none of %d closed before %s", tried, seconds(soonest))
	if soonest < p.IdleMin.Value-p.IdleMin.Slack() {
		soon.Verdict = Refuted
		soon.Says = fmt.Sprintf("closed after only %s of silence", seconds(soonest))
		if soonest+2*round.Noise.Worst >= p.IdleMin.Value-p.IdleMin.Slack() { // the silence may have begun before we noticed
			soon.Verdict, soon.Reason = Inconclusive, Lag
		}
	}
	return soon, late
}
