package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func slowHeader() Check {
	return Check{
		ID: "slow-header", Title: "slow request headers", Guarantee: blueprint.TimeConnection,
		Promise: "a client that sends its request headers byte by byte loses its connection",
		Why:     "a few hundred such clients hold every connection and nobody else is served (slowloris)",
		Remedies: []Remedy{
			{"plimsoll", "on by default: PLIMSOLL_HEADER_TIMEOUT, 5 s"},
			{"net/http", "set http.Server.ReadHeaderTimeout, for example 5 * time.Second; its zero value waits for ever"},
			{"node", "server.headersTimeout = 10_000 and server.connectionsCheckingInterval = 1_000"},
			{"jvm", "Tomcat: server.tomcat.connection-timeout=5s; Netty: put a ReadTimeoutHandler before the HttpServerCodec's aggregator"},
			{"python", "gunicorn's sync worker has none: put nginx (client_header_timeout 5s) in front, or hypercorn --read-timeout 5"},
		},
		Judge: func(a *run.Artifacts, p policy.Policy, f *Finding) {
			judgeSlow(a, run.SlowHeader, p.Header, p.Plan.Drip, f)
		},
	}
}

func slowBody() Check {
	return Check{
		ID: "slow-body", Title: "slow request body", Guarantee: blueprint.TimeConnection,
		Promise: "a client that sends its request body byte by byte is answered or loses its connection",
		Why:     "uploads that never end pin connections, buffers and handlers",
		Remedies: []Remedy{
			{"plimsoll", "on by default: the request's deadline covers its body; streams need 240 B/s after 5 s"},
			{"net/http", "set http.Server.ReadTimeout, or per request http.NewResponseController(w).SetReadDeadline before the body is read"},
			{"node", "server.requestTimeout = 30_000 (0 switches it off)"},
			{"jvm", "Tomcat: connectionUploadTimeout with disableUploadTimeout=false; Jetty: HttpConfiguration.setMinRequestDataRate(240)"},
			{"python", "uvicorn has none: nginx client_body_timeout 10s in front, or asyncio.wait_for around the body"},
		},
		Judge: func(a *run.Artifacts, p policy.Policy, f *Finding) {
			judgeSlow(a, run.SlowBody, p.Body, p.Plan.Drip, f)
		},
	}
}

// judgeSlow judges a slow attack: every connection is given up within the limit.
func judgeSlow(a *run.Artifacts, attack string, limit policy.Time, drip time.Duration, f *Finding) {
	var judged []Part
	for _, round := range a.Waits {
		if round.Attack == attack {
			judged = append(judged, slowRound(round, limit, drip))
			f.show(fmt.Sprintf("round %d, one of %d connections", round.Round, len(round.Conns)), worst(round).Transcript)
		}
	}
	if len(judged) > 0 {
		part := rounds(judged)
		part.Name, part.Main = "given up", true
		f.addPart(part)
	}
}

// released is when the service was done with a connection: it answered, or it closed.
func released(c run.Wait) (time.Duration, bool) {
	switch {
	case c.Status != 0 && (c.Closed == "" || c.Answered < c.After):
		return c.Answered, true
	case c.Closed != "":
		return c.After, true
	}
	return 0, false
}

func slowRound(round run.Waits, limit policy.Time, drip time.Duration) Part {
	part := Part{Limit: atMost(limit)}
	var slowest time.Duration
	open, away, tried := 0, 0, 0
	for _, c := range round.Conns {
		if c.Problem != "" {
			continue
		}
		tried++
		if c.Status != 0 && c.Status != 408 && c.Answered < drip {
			away++
		}
		at, done := released(c)
		if !done {
			open++
			at = round.Watched
		}
		slowest = max(slowest, at)
	}
	part.Measured = largest(slowest, tried)
	switch {
	case tried == 0:
		part.Verdict, part.Reason, part.Says = Inconclusive, ToolFailed, "no connection could be opened: "+firstProblem(round)
	case away > 0:
		part.Verdict, part.Reason = Inconclusive, TurnedAway
		part.Says = fmt.Sprintf("%d of %d were answered%s before they could be slow", away, tried, how(round))
	case open > 0 && round.Watched <= limit.Value+limit.Slack():
		part.Verdict, part.Reason = Inconclusive, WatchShort
		part.Says = fmt.Sprintf("%d of %d connections were still open when the watch ended after %s", open, tried, seconds(round.Watched))
	case !round.Alive:
		part.Verdict, part.Reason, part.Says = Inconclusive, ServiceGone, "the service did not answer an ordinary request afterwards"
	case open > 0:
		part.Verdict, part.Reason = timely(round.Watched, limit, round.Noise)
		part.Says = fmt.Sprintf("%d of %d connections still open after %s", open, tried, seconds(round.Watched))
	default:
		part.Verdict, part.Reason = timely(slowest, limit, round.Noise)
		part.Says = fmt.Sprintf("all %d given up%s, the last after %s", tried, how(round), seconds(slowest))
	}
	if part.Reason == Lag {
		part.Says += "; " + lateness(round.Noise)
	}
	return part
}

// how lists what the connections were given up with.
func how(round run.Waits) string {
	seen := map[string]bool{}
	var kinds []string
	for _, c := range round.Conns {
		kind := c.Closed
		if c.Status != 0 {
			kind = fmt.Sprint(c.Status)
		}
		if kind != "" && !seen[kind] {
			seen[kind] = true
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return " (" + strings.Join(kinds, ", ") + ")"
}

// worst is the connection that was held longest: what a reader wants to see.
func worst(round run.Waits) run.Wait {
	var out run.Wait
	longest := time.Duration(-1)
	for _, c := range round.Conns {
		at, done := released(c)
		if !done {
			at = round.Watched
		}
		if c.Problem == "" && at > longest {
			out, longest = c, at
		}
	}
	return out
}

func firstProblem(round run.Waits) string {
	for _, c := range round.Conns {
		if c.Problem != "" {
			return c.Problem
		}
	}
	return "none was tried"
}
