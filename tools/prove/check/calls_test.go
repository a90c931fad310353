package check_test

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

func standard() policy.Policy { return policy.Standard() }

// told is a round in which the dependency was told these numbers of milliseconds, each pair 100 ms apart, by callers that
// gave a second.
func told(pairs ...[2]int) run.Budgets {
	b := run.Budgets{Round: 1, Noise: calm}
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, pair := range pairs {
		try := run.BudgetTry{Operation: "read", Dep: run.Again, Given: time.Second, Status: 200}
		for i, n := range pair {
			call := run.BudgetCall{After: ms(1 + 100*i), Method: "GET", Path: "/rates", Left: ms(n), Header: "Plimsoll-Budget"}
			if n == 0 {
				call.Header = ""
			}
			try.Calls = append(try.Calls, call)
		}
		b.Tries = append(b.Tries, try)
	}
	return b
}

func TestBudget(t *testing.T) {
	good := [2]int{980, 870}
	single := told(good, good, good, good, good)
	for i := range single.Tries {
		single.Tries[i].Calls = single.Tries[i].Calls[:1]
	}
	overdue := told(good, good)
	overdue.Tries = append(overdue.Tries, run.BudgetTry{Operation: "read", Dep: run.Silence, Given: time.Second,
		Calls: []run.BudgetCall{{After: seconds(1.4), Method: "GET", Path: "/rates", Header: "Plimsoll-Budget"}}})
	noisy := overdue
	noisy.Noise = late
	second := overdue
	second.Round = 2
	judge(t, "budget", []judged{
		{"smaller and smaller", []run.Record{told(good, good)}, check.Proved, "", "all of 4 calls said a budget (Plimsoll-Budget) that was smaller than the caller's"},
		{"one call each", []run.Record{single}, check.Proved, "", "none of 5 calls arrived after"},
		{"nothing said", []run.Record{told([2]int{0, 0}, good)}, check.Refuted, "", "2 of 4 calls did not say how much time is left"},
		{"handed on as it was", []run.Record{told([2]int{1000, 900}, good)}, check.Refuted, "", "1 of 4 calls were given no less time than the caller has"},
		{"the same again", []run.Record{told([2]int{500, 500}, [2]int{500, 500})}, check.Refuted, "", "2 of 2 later calls of a request were given no less"},
		{"after the end, once", []run.Record{overdue}, check.Inconclusive, check.Unrepeated, "1 of 5 calls arrived when the caller had given up"},
		{"after the end, twice", []run.Record{overdue, second}, check.Refuted, "", "arrived 400 ms after a caller's 1 s were over, while the dependency hangs"},
		{"after the end, and so late were we", []run.Record{noisy}, check.Inconclusive, check.Lag, "clock"},
		{"too few", []run.Record{told(good)}, check.Inconclusive, check.FewSamples, "only 2 calls"},
		{"none", []run.Record{run.Budgets{Round: 1, Tries: []run.BudgetTry{{Operation: "read"}}}}, check.NotApplicable, check.DepUnused, "no call"},
	})
}

func TestRepeat(t *testing.T) {
	mode := func(bare, keyed, calls int) run.RepeatsMode {
		return run.RepeatsMode{Dep: "answers 500", Executed: true, Requests: 4, Seen: run.RepeatCounts{Bare: bare, Keyed: keyed, Calls: calls}}
	}
	refused := mode(8, 0, 8)
	refused.Executed, refused.Dep = false, "answers 503 and that it was not executed"
	gone := run.RepeatsMode{Dep: "hangs", Executed: true, Requests: 4, Problem: "it ended"}
	rekeyed := mode(0, 4, 8)
	rekeyed.NewKeys = 1
	bare, keyed := run.RepeatCounts{Bare: 1, Calls: 1}, run.RepeatCounts{Keyed: 1, Calls: 1}
	of := func(normal run.RepeatCounts, modes ...run.RepeatsMode) []run.Record {
		return []run.Record{run.Repeats{Operation: "create", Round: 1, Normal: normal, Modes: modes}}
	}
	judge(t, "repeat", []judged{
		{"once each", of(bare, mode(4, 0, 4)), check.Proved, "", "4 calls for create were executed and not acknowledged"},
		{"again under the same key", of(keyed, mode(0, 4, 8)), check.Proved, "", "4 under the same key"},
		{"again when it was not executed", of(bare, mode(4, 0, 4), refused), check.Proved, "", "4 were sent again after an answer that they were not executed"},
		{"twice", of(bare, mode(8, 0, 8)), check.Refuted, "", "4 requests for create sent 8 calls that carry no Idempotency-Key, and should send 4"},
		{"once more than there should be", of(bare, mode(5, 0, 5)), check.Refuted, "", "sent 5 calls"},
		{"under new keys", of(keyed, mode(0, 8, 8)), check.Refuted, "", "under 8 different keys, and should be under 4"},
		{"the same content under another key", of(keyed, rekeyed), check.Refuted, "", "a new key is a new execution"},
		{"none arrived", of(bare, mode(0, 0, 0)), check.Inconclusive, check.NoData, "no call reached"},
		{"not all could be tried", of(bare, mode(4, 0, 4), gone), check.Inconclusive, check.ServiceGone, "it ended"},
	})
}

func TestStale(t *testing.T) {
	round := func(n int, repeatable bool, first, second, repeated int) run.Record {
		return run.Stale{Operation: "read", Round: n, Repeatable: repeatable, Noise: calm, Spells: []run.StaleSpell{{
			How: "closed", Kept: 8, Requests: 8, First: map[int]int{200: first, 502: 8 - first}, Second: map[int]int{200: second, 0: 8 - second}, Repeated: repeated,
		}}}
	}
	unkept := run.Stale{Operation: "read", Round: 1, Spells: []run.StaleSpell{{How: "closed", Requests: 8}}}
	sick := run.Stale{Operation: "read", Round: 1, Spells: []run.StaleSpell{{How: "closed", Requests: 8, Problem: "it was not well"}}}
	judge(t, "stale", []judged{
		{"all succeed", []run.Record{round(1, true, 8, 8, 0)}, check.Proved, "", "16 requests after kept connections had ended, in 1 ways"},
		{"what can't be repeated may fail once", []run.Record{round(1, false, 0, 8, 0)}, check.Proved, "", ""},
		{"what can be repeated may not, twice", []run.Record{round(1, true, 7, 8, 0), round(2, true, 7, 8, 0)}, check.Refuted, "", "of the next 8 requests for read 7 succeeded"},
		{"once", []run.Record{round(1, true, 7, 8, 0)}, check.Inconclusive, check.Unrepeated, ""},
		{"fails again, twice", []run.Record{round(1, false, 0, 0, 0), round(2, false, 0, 0, 0)}, check.Refuted, "", "of the 8 after them 0"},
		{"sent twice, twice", []run.Record{round(1, false, 8, 8, 8), round(2, false, 8, 8, 8)}, check.Refuted, "", "8 calls without an Idempotency-Key were sent twice"},
		{"keeps none", []run.Record{unkept}, check.NotApplicable, check.NoKeepAlive, "keeps no connections"},
		{"was not well before", []run.Record{sick}, check.Inconclusive, check.ServiceGone, "it was not well"},
	})
}
