package check_test

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func hung(round int, n run.Noise, after float64, statuses ...int) run.Hung {
	h := run.Hung{Operation: "create", Dep: "payments", Round: round, Watched: seconds(12), Reached: len(statuses), Noise: n}
	for _, status := range statuses {
		h.Tries = append(h.Tries, run.HungTry{Status: status, After: seconds(after)})
	}
	return h
}

func TestDeadline(t *testing.T) {
	unused := hung(1, calm, 0.1, 201, 201)
	unused.Reached = 0
	cut := hung(1, calm, 3, 0, 0)
	cut.Tries[0].Closed = "RST"
	judge(t, "deadline", []judged{
		{"504 in time", []run.Record{hung(1, calm, 5, 504, 504)}, check.Proved, "", "2 answers (2 × 504), the last after 5 s"},
		{"502 and 503 in time", []run.Record{hung(1, calm, 5, 502, 503)}, check.Proved, "", "1 × 502, 1 × 503"},
		{"degraded", []run.Record{hung(1, calm, 2, 200)}, check.Proved, "", "1 × 200"},
		{"silence, once", []run.Record{hung(1, calm, 12, 0, 0)}, check.Inconclusive, check.Unrepeated, "2 of 2 without a complete answer"},
		{"silence, twice", []run.Record{hung(1, calm, 12, 0), hung(2, calm, 12, 0)}, check.Refuted, "", "1 of 1"},
		{"late, twice", []run.Record{hung(1, calm, 11.5, 504), hung(2, calm, 11.5, 504)}, check.Refuted, "", "11.5 s"},
		{"late, and so were we", []run.Record{hung(1, late, 11.5, 504)}, check.Inconclusive, check.Lag, "clock"},
		{"an internal error", []run.Record{hung(1, calm, 5, 500), hung(2, calm, 5, 500)}, check.Refuted, "", "can't tell"},
		{"cut off", []run.Record{cut, cut}, check.Refuted, "", "ended without a complete answer"},
		{"never called", []run.Record{unused}, check.NotApplicable, check.DepUnused, "never called payments"},
	})
}

// left is a round of clients whose calls ended after so many milliseconds; 0: never.
func left(round int, n run.Noise, ms ...int) run.Left {
	l := run.Left{Round: round, Noise: n}
	for i, after := range ms {
		l.Tries = append(l.Tries, run.LeftTry{Operation: "create", Method: "POST", How: []string{"RST", "FIN"}[i%2], Reached: true,
			Ended: after > 0, After: time.Duration(after) * time.Millisecond})
	}
	return l
}

func repeat(n, value int, more ...int) []int {
	var out []int
	for range n {
		out = append(out, value)
	}
	return append(out, more...)
}

func TestCancel(t *testing.T) {
	unreached := left(1, calm, 0, 0)
	unreached.Tries[0].Reached, unreached.Tries[1].Reached = false, false
	judge(t, "cancel", []judged{
		{"all", []run.Record{left(1, calm, repeat(20, 2)...)}, check.Proved, "", "20 of 20 calls ended"},
		{"one of twenty", []run.Record{left(1, calm, repeat(19, 2, 0)...)}, check.Proved, "", "19 of 20"},
		{"two of twenty, twice", []run.Record{left(1, calm, repeat(18, 2, 0, 0)...), left(2, calm, repeat(18, 2, 0, 0)...)}, check.Refuted, "", "18 of 20"},
		{"stopped early, twice", []run.Record{left(1, calm, 0, 0, 0, 0), left(2, calm, 0, 0, 0, 0)}, check.Refuted, "", "0 of 4"},
		{"once", []run.Record{left(1, calm, 0, 0, 0, 0)}, check.Inconclusive, check.Unrepeated, "0 of 4"},
		{"late, and so were we", []run.Record{left(1, late, repeat(20, 1300)...)}, check.Inconclusive, check.Lag, "clock"},
		{"never called", []run.Record{unreached}, check.NotApplicable, check.DepUnused, "no call reached"},
	})
}

// watched is a watch in which readiness changed at the given times after the fault and after the healing; 0: never.
func watched(fault string, round int, soft bool, off, on float64, live int) run.Health {
	h := run.Health{Fault: fault, Round: round, Deps: []string{"payments"}, Soft: soft, Reached: true, Failed: seconds(1), Healed: seconds(13), Ended: seconds(25), Noise: calm}
	for at := 0.0; at < 25; at += 0.5 {
		ready := 200
		if off > 0 && at >= 1+off && (on == 0 || at < 13+on) {
			ready = 503
		}
		status := 200
		if at > 1 && at < 13 {
			status = live
		}
		h.Live = append(h.Live, run.Poll{At: seconds(at), Took: time.Millisecond, Status: status})
		h.Ready = append(h.Ready, run.Poll{At: seconds(at), Took: time.Millisecond, Status: ready})
	}
	return h
}

func TestHealth(t *testing.T) {
	slow := watched(run.Hangs, 1, false, 1, 1, 200)
	slow.Ready[5].Took = 4 * time.Second
	unused := watched(run.Hangs, 1, false, 1, 1, 200)
	unused.Reached = false
	refuses := func(round int, soft bool, off, on float64, live int) run.Record {
		return watched(run.Refuses, round, soft, off, on, live)
	}
	judge(t, "health", []judged{
		{"as it should be", []run.Record{refuses(1, false, 1, 1, 200)}, check.Proved, "", "readiness 503 1 s after"},
		{"liveness follows", []run.Record{refuses(1, false, 1, 1, 503), refuses(2, false, 1, 1, 503)}, check.Refuted, "", "liveness said 503"},
		{"readiness does not follow", []run.Record{refuses(1, false, 0, 0, 200), refuses(2, false, 0, 0, 200)}, check.Refuted, "", "readiness still 200 12 s after"},
		{"readiness does not return", []run.Record{refuses(1, false, 1, 0, 200), refuses(2, false, 1, 0, 200)}, check.Refuted, "", "not 200 again 12 s"},
		{"soft and unmoved", []run.Record{refuses(1, true, 0, 0, 200)}, check.Proved, "", "declared soft"},
		{"soft and moved", []run.Record{refuses(1, true, 1, 1, 200), refuses(2, true, 1, 1, 200)}, check.Refuted, "", "although the dependency is declared soft"},
		{"a slow answer", []run.Record{slow, slow}, check.Refuted, "", "took 4 s"},
		{"never used", []run.Record{unused}, check.NotApplicable, check.DepUnused, "no operation used"},
	})
}
