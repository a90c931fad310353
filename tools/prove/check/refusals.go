package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

const (
	honestShare = 0.95 // of what is not served must be refused, and not left to time out
	retryShare  = 0.99 // of refusals must carry a usable Retry-After
	retryLeast  = 1    // seconds
	retryMost   = 60
)

// refusals judges how a service says no: at all, and soon. What nobody disturbed decides first; windows that made it
// harder may prove what the others leave open, and never refute.
func refusals(blocks []block, m float64, p policy.Policy, c run.Capacity) []Part {
	parts := gatedRefusals(calm(blocks), m, p, strict)
	if !slices.ContainsFunc(parts, Part.WantsRepeat) {
		return parts
	}
	all := gatedRefusals(blocks, m, p, strict)
	for i := range all {
		all[i] = allow(all[i], blocks, c)
	}
	if !slices.ContainsFunc(all, Part.WantsRepeat) {
		return all
	}
	other := gatedRefusals(blocks, m, p, harder)
	if slices.ContainsFunc(other, func(part Part) bool { return part.Verdict != Proved }) {
		return all
	}
	return other
}

func gatedRefusals(blocks []block, m float64, p policy.Policy, g gate) []Part {
	var speeds []time.Duration
	usable, bad, refused := 0, 0, 0
	reason, detail := Busy, "others used the machine during every attack"
	if len(blocks) > 0 {
		reason, detail = NoReason, ""
	}
	for _, b := range blocks {
		good, why, text := b.windows(b.attack, g)
		if why != NoReason {
			reason, detail = why, text
			continue
		}
		usable++
		for _, row := range rowsOf(good) {
			switch {
			case row.Outcome == load.Shed:
				refused++
				speeds = append(speeds, row.Latency())
			case row.Outcome.Sent() && row.Outcome != load.OK:
				bad++
			}
		}
	}
	if usable == 0 {
		return []Part{{Name: fmt.Sprintf("refusals at %g×", m), Verdict: Inconclusive, Reason: reason, Says: fmt.Sprintf("at %g×: %s", m, detail)}}
	}
	parts := []Part{refusedHonestly(refused, bad, m)}
	if refused > 0 {
		parts = append(parts, refusedSoon(speeds, m, p.Refusal))
	}
	for i := range parts {
		if parts[i].Verdict == Refuted && usable == 1 {
			parts[i].Verdict, parts[i].Reason = Inconclusive, Unrepeated
			if reason != NoReason { // another block was tried
				parts[i].Reason = reason
			}
		}
	}
	return parts
}

// rowsOf joins the requests of windows.
func rowsOf(list []load.Window) []load.Row {
	var rows []load.Row
	for _, w := range list {
		rows = append(rows, w.Rows...)
	}
	return rows
}

// refusedHonestly wants what is not served to be told so.
func refusedHonestly(refused, bad int, m float64) Part {
	n := refused + bad
	part := Part{
		Name: fmt.Sprintf("refused at %g×", m), Measured: counted(refused, n), Limit: ofShare(">=", honestShare),
		Says: fmt.Sprintf("at %g× %d of %d requests that were not served were refused with 503 or 429, %d timed out or failed", m, refused, n, bad),
	}
	switch {
	case n == 0:
		part.Verdict, part.Reason = Inconclusive, Capacity
		part.Says = fmt.Sprintf("at %g× everything was served: the capacity that was found is not the bottleneck", m)
	case part.Measured.Value.AtLeast(honestShare) == stats.Yes:
		part.Verdict = Proved
	case part.Measured.Value.AtLeast(honestShare) == stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
	}
	return part
}

func refusedSoon(speeds []time.Duration, m float64, limit policy.Time) Part {
	value := stats.QuantileInterval(stats.Sort(speeds), 0.99, 0.95)
	value.Estimate, value.Lo, value.Hi = value.Estimate/1e9, value.Lo/1e9, value.Hi/1e9
	part := Part{
		Name: fmt.Sprintf("speed of refusal at %g×", m), Measured: &Measure{Unit: "s", Value: value, Method: value.Method}, Limit: atMost(limit),
		Says: fmt.Sprintf("at %g× 99 %% of %d refusals took at most %s", m, len(speeds), seconds(time.Duration(value.Estimate*1e9))),
	}
	switch value.AtMost(limit.Value.Seconds()) {
	case stats.Yes:
		part.Verdict = Proved
	case stats.No:
		part.Verdict = Refuted
	default:
		part.Verdict, part.Reason = Inconclusive, Undecided
		if len(speeds) < stats.MinSamples(0.99, 0.95) {
			part.Reason = FewSamples
		}
	}
	return part
}

// refusedWithAdvice wants a word about when to come back. What a refusal says does not depend on when it was asked for, so
// every one counts, and once is enough.
func refusedWithAdvice(blocks []block, m float64) (Part, bool) {
	refused, marked := 0, 0
	for _, b := range blocks {
		if b.attack == nil {
			continue
		}
		for _, row := range b.attack.Result.Rows {
			if row.Outcome != load.Shed {
				continue
			}
			refused++
			if row.RetryAfter >= retryLeast && row.RetryAfter <= retryMost {
				marked++
			}
		}
	}
	part := Part{
		Name: fmt.Sprintf("Retry-After at %g×", m), Verdict: Proved, Measured: counted(marked, refused), Limit: ofShare(">=", retryShare),
		Says: fmt.Sprintf("at %g× %d of %d refusals carried Retry-After as whole seconds from %d to %d", m, marked, refused, retryLeast, retryMost),
	}
	if share(marked, refused) < retryShare {
		part.Verdict = Refuted
	}
	return part, refused > 0
}

// overloadRecovery wants half the capacity to be served well again soon after the attack.
func overloadRecovery(blocks []block, m float64, limit policy.Time) Part {
	var judged []Part
	for _, b := range blocks {
		if b.attack == nil || len(b.quiet) == 0 {
			continue
		}
		part := Part{Limit: atMost(limit)}
		noise := quietNoise(b)
		at, ok, watched := b.recovered()
		switch {
		case ok:
			part.Verdict, part.Reason = timely(at, limit, noise)
			part.Measured = largest(at, 1)
			part.Says = fmt.Sprintf("after %g× 99 %% of half the capacity were served well again within %s", m, seconds(at+wellFor))
		default:
			part.Verdict, part.Reason = timely(watched, limit, noise)
			if part.Verdict == Proved {
				part.Verdict, part.Reason = Inconclusive, WatchShort
			}
			part.Says = fmt.Sprintf("after %g× half the capacity was not served well again in %s", m, seconds(watched))
		}
		if part.Verdict == Refuted && (busy(noise) || busy(b.attack.Noise)) {
			part.Verdict, part.Reason = Inconclusive, Busy
			part.Says += ", beside others who used the machine"
		}
		judged = append(judged, part)
	}
	part := rounds(judged)
	part.Name = fmt.Sprintf("recovery after %g×", m)
	return part
}

// quietNoise is the worst of what disturbed the watch.
func quietNoise(b block) run.Noise {
	worst := b.quiet[0].Noise
	for _, q := range b.quiet {
		worst.Worst = max(worst.Worst, q.Noise.Worst, q.Result.Lag(0.99))
		worst.Foreign, worst.Spare = max(worst.Foreign, q.Noise.Foreign), min(worst.Spare, q.Noise.Spare)
		worst.Waited = max(worst.Waited, q.Noise.Waited)
	}
	return worst
}
