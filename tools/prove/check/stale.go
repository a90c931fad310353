package check

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func stale() Check {
	return Check{
		ID: "stale", Title: "kept connections that have ended", Guarantee: blueprint.LoadRecover,
		Promise: "when a dependency has ended the connections that a service keeps, the next requests succeed, and no POST is sent twice for it",
		Why:     "every deploy and every load balancer closes idle connections; a pool that hands them out turns each into an error",
		Remedies: []Remedy{
			{"plimsoll", "on by default: connections that ended are not used, and what is safe to repeat is sent again on a new one"},
			{"net/http", "one http.Transport for the process, IdleConnTimeout below the other side's, bodies read to their end; idempotent requests are sent again by itself"},
			{"node", "undici: keepAliveTimeout below the other side's; http.Agent: retry ECONNRESET once when req.reusedSocket is set"},
			{"jvm", "Apache HttpClient: validateAfterInactivity 0 to 1s, or evictIdleConnections; HikariCP: maxLifetime below the server's"},
			{"python", "httpx.Limits(keepalive_expiry=5); SQLAlchemy: pool_pre_ping=True"},
		},
		Judge: judgeStale,
	}
}

func judgeStale(a *run.Artifacts, _ policy.Policy, f *Finding) {
	judged := map[string][]Part{}
	var order []string
	for _, round := range a.Stale {
		for _, spell := range round.Spells {
			part := staleSpell(round, spell)
			name := fmt.Sprintf("%s after connections were %s", round.Operation, spell.How)
			if judged[name] == nil {
				order = append(order, name)
			}
			judged[name] = append(judged[name], part)
		}
		f.show(fmt.Sprintf("%s, round %d", round.Operation, round.Round), staleLines(round))
	}
	held, requests := 0, 0
	for _, name := range order {
		part := rounds(judged[name])
		part.Name = name
		f.addPart(part)
		if part.Verdict == Proved {
			held++
			requests += part.Measured.Value.N
		}
	}
	if held > 0 && held == len(order) {
		f.Says = fmt.Sprintf("%d requests after kept connections had ended, in %d ways: all that could be repeated succeeded, and nothing was sent twice", requests, held)
	}
}

// staleSpell judges one way of ending connections. A call that is safe to repeat has no excuse; one that is not may fail
// once for a connection, and then no more.
func staleSpell(round run.Stale, spell run.StaleSpell) Part {
	first, second := wellOf(spell.First), wellOf(spell.Second)
	n := spell.Requests
	part := Part{Verdict: Proved, Measured: counted(first+second, 2*n), Limit: ofShare(">=", 1)}
	part.Says = fmt.Sprintf("%d connections were %s; of the next %d requests for %s %d succeeded, of the %d after them %d", spell.Kept, spell.How, n, round.Operation, first, n, second)
	switch {
	case spell.Problem != "":
		return Part{Verdict: Inconclusive, Reason: ServiceGone, Says: spell.Problem}
	case spell.Kept == 0:
		return Part{Verdict: NotApplicable, Reason: NoKeepAlive, Says: "the service keeps no connections to the dependency"}
	case spell.Repeated > 0:
		part.Verdict = Refuted
		part.Says = fmt.Sprintf("%d connections were %s; then %d calls without an Idempotency-Key were sent twice", spell.Kept, spell.How, spell.Repeated)
		return part
	case second < n:
		part.Verdict = Refuted
	case first < n && round.Repeatable:
		part.Verdict = Refuted
		part.Says += ": all of them could have been repeated"
	}
	return excuse(part, lateLook, round.Noise)
}

func wellOf(statuses map[int]int) int {
	n := 0
	for status, count := range statuses {
		if status > 0 && status < 400 {
			n += count
		}
	}
	return n
}

func staleLines(round run.Stale) []string {
	var lines []string
	for _, spell := range round.Spells {
		lines = append(lines, fmt.Sprintf("%s: %d connections; then %s; then %s", spell.How, spell.Kept, statusCounts(spell.First), statusCounts(spell.Second)))
	}
	return lines
}
