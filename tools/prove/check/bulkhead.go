package check

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func bulkhead() Check {
	return Check{
		ID: "bulkhead", Title: "what needs no dependency stays fast", Guarantee: blueprint.DepBulkhead,
		Promise: "while a dependency hangs, requests that don't need it are served as before",
		Why:     "requests that wait for one dependency take every thread, permit and connection, and the whole service is down with it",
		Remedies: []Remedy{
			{"plimsoll", "on by default: outbound limits what waits for each destination, and admission does not wait for either"},
			{"net/http", "a semaphore for each destination (golang.org/x/sync/semaphore, TryAcquire), smaller than any limit on the whole"},
			{"node", "a separate undici.Pool with connections and a queue limit for each destination"},
			{"jvm", "Resilience4j Bulkhead for each destination, well below the servlet container's threads; or virtual threads and a semaphore"},
			{"python", "an asyncio.Semaphore for each destination; with worker processes, more of them than one dependency can hold"},
		},
		Judge: judgeBulkhead,
	}
}

func judgeBulkhead(a *run.Artifacts, p policy.Policy, f *Finding) {
	eachFault(a, f, []string{run.Hangs}, func(outages []run.Outage) []Part {
		part := over(outages, func(o run.Outage) Part { return isolated(o, p) }, "served as before")
		part.Main = true
		return []Part{part}
	})
}

// isolated wants what does not need the dependency to be answered well, and soon, while it hangs.
func isolated(o run.Outage, p policy.Policy) Part {
	names := ""
	n, good, before, beforeGood := 0, 0, 0, 0
	for _, s := range o.Streams {
		if s.Needs {
			continue
		}
		names = s.Operation
		count := func(rows []load.Row) (due, well int) {
			for i := range rows {
				if !rows[i].Outcome.Sent() {
					continue
				}
				due++
				if rows[i].Outcome == load.OK && rows[i].Latency() <= p.Isolation.Value {
					well++
				}
			}
			return due, well
		}
		before, beforeGood = count(s.Due(o.Began, o.Failed))
		n, good = count(s.Due(o.Failed, o.Healed))
	}
	if names == "" {
		return Part{Verdict: NotApplicable, Reason: NoFreeRoute, Says: "every operation was seen to call the dependency; describe one that does not"}
	}
	if bad, yes := unusable(o); yes {
		return bad
	}
	part, ok := well(good, n)
	part.Limit = atMost(p.Isolation)
	part.Says = fmt.Sprintf("while it hung, %d of %d requests for %s, which does not need it, were answered well within %s", good, n, names, seconds(p.Isolation.Value))
	if ok && float64(beforeGood) < wellShare*float64(before) && part.Verdict != Proved {
		part.Verdict, part.Reason = Inconclusive, Capacity
		part.Says += fmt.Sprintf("; before it hung, %d of %d", beforeGood, before)
		if busy(o.Before) {
			part.Reason = Busy
		}
	}
	return excuse(part, p.Isolation.Value/2, o.During)
}
