package check

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func recovery() Check {
	return Check{
		ID: "recover", Title: "recovery after an outage", Guarantee: blueprint.LoadRecover,
		Promise: "when a dependency is well again, so is the service: within 2 s 99 % of the requests are, also when it came and went",
		Why:     "an outage of ten seconds that is one of ten minutes for the callers is what queues, long breakers and dead pools make of it",
		Remedies: []Remedy{
			{"plimsoll", "on by default: the breaker tries again within a second, queues drop what is too late, connections that failed are not kept"},
			{"net/http", "a breaker with a delay of about a second, no queue without a deadline, and http.Transport.CloseIdleConnections when a destination was down"},
			{"node", "opossum resetTimeout 1000; undici drops connections that failed by itself"},
			{"jvm", "Resilience4j waitDurationInOpenState 1s; HikariCP and HttpClient with a short keep-alive and validation of connections"},
			{"python", "a breaker's timeout of about a second; httpx.Limits(keepalive_expiry=5)"},
		},
		Judge: judgeRecovery,
	}
}

func judgeRecovery(a *run.Artifacts, p policy.Policy, f *Finding) {
	eachFault(a, f, faults(), func(outages []run.Outage) []Part {
		part := over(outages, func(o run.Outage) Part { return recovered(o, p) }, "well again")
		part.Main = true
		return []Part{part}
	})
	f.atWorst("well again")
}

// recovered wants requests to be served once the dependency has been back for a while.
func recovered(o run.Outage, p policy.Policy) Part {
	if bad, yes := unusable(o); yes {
		return bad
	}
	n, good := needing(o, o.Healed+p.Return.Value, o.Ended)
	part, _ := well(good, n)
	part.Says = fmt.Sprintf("from %s after the return of a dependency that %s, %d of %d requests were served", seconds(p.Return.Value), doing(o.Fault), good, n)
	return excuse(part, p.Return.Value/4, o.After)
}
