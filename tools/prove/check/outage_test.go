package check_test

import (
	"slices"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// The times of an outage in these tests, in seconds: a hang lasts ten longer.
const (
	failsAt = 3.0
	fails   = 8.0
	mends   = 4.0
	perSec  = 50
)

// story is what a service does second by second: answered well or not, and how many calls for each request.
type story struct {
	fault  string
	served func(at float64) bool
	calls  func(at float64) int
	took   time.Duration // of an answer while the dependency fails
	free   func(at float64) time.Duration
	noise  run.Noise
}

// careful serves outside the outage, and leaves the dependency alone after a second of it.
func careful(fault string) story {
	end := failsAt + fails
	if fault == run.Hangs {
		end += 10
	}
	return story{
		fault: fault, noise: calm, took: time.Millisecond,
		served: func(at float64) bool { return at < failsAt || at >= end+1 },
		calls: func(at float64) int {
			if at >= failsAt+1 && at < end+1 {
				return 0
			}
			return 1
		},
		free: func(float64) time.Duration { return time.Millisecond },
	}
}

func (s story) outage(round int) run.Outage {
	healed := failsAt + fails
	if s.fault == run.Hangs {
		healed += 10
	}
	o := run.Outage{Fault: s.fault, Round: round, Failed: seconds(failsAt), Healed: seconds(healed), Ended: seconds(healed + mends),
		Before: calm, During: s.noise, After: s.noise, Refused: -1}
	need, free := run.Stream{Operation: "create", Needs: true, Rate: perSec}, run.Stream{Operation: "read", Rate: perSec}
	for i := range int((healed + mends) * perSec) {
		at := float64(i) / perSec
		row := load.Row{Intended: seconds(at), Picked: seconds(at), Written: seconds(at), Outcome: load.Failed, Status: 502, Last: seconds(at) + s.took}
		if s.served(at) {
			row.Outcome, row.Status = load.OK, 201
		}
		need.Result.Rows = append(need.Result.Rows, row)
		for range s.calls(at) {
			o.Calls = append(o.Calls, seconds(at))
		}
		row.Outcome, row.Last = load.OK, seconds(at)+s.free(at)
		free.Result.Rows = append(free.Result.Rows, row)
	}
	o.Streams = []run.Stream{need, free}
	slices.Sort(o.Calls)
	return o
}

// but changes a story.
func (s story) but(change func(*story)) story {
	change(&s)
	return s
}

func TestRetry(t *testing.T) {
	good := careful(run.Says503)
	calling := func(n int) func(*story) {
		return func(s *story) {
			s.calls = func(at float64) int {
				if at >= failsAt && at < failsAt+fails {
					return n
				}
				return 1
			}
		}
	}
	refused := good.but(func(s *story) { s.fault = run.Refuses }).outage(1)
	refused.Calls = slices.DeleteFunc(refused.Calls, func(at time.Duration) bool { return at >= refused.Failed && at < refused.Healed })
	few, many := refused, refused
	few.Refused, many.Refused = 60, 1200
	tenth := 0
	judge(t, "retry", []judged{
		{"left alone", []run.Record{good.outage(1)}, check.Proved, "", "400 requests that ask for one call each made 50 calls"},
		{"once each", []run.Record{good.but(calling(1)).outage(1)}, check.Proved, "", "400 requests that ask for one call each made 400 calls"},
		{"three times", []run.Record{good.but(calling(3)).outage(1)}, check.Refuted, "", "made 1200 calls"},
		{"a tenth more is too near to tell", []run.Record{good.but(func(s *story) {
			s.calls = func(at float64) int {
				if tenth++; at >= failsAt && tenth%8 == 0 {
					return 2
				}
				return 1
			}
		}).outage(1)}, check.Inconclusive, check.Undecided, ""},
		{"refused, few connections", []run.Record{few}, check.Proved, "", "made 60 connections"},
		{"refused, three each, once", []run.Record{many}, check.Inconclusive, check.Unrepeated, "made 1200 connections"},
		{"refused, three each, twice", []run.Record{many, many}, check.Refuted, "", "made 2400 connections"},
		{"refused and not counted", []run.Record{refused}, check.NotApplicable, check.DepUnused, "can't be counted"},
		{"never called", []run.Record{good.but(calling(0)).but(func(s *story) { s.calls = func(float64) int { return 0 } }).outage(1)},
			check.NotApplicable, check.DepUnused, "no operation"},
		{"never served", []run.Record{good.but(func(s *story) { s.served = func(float64) bool { return false } }).outage(1)},
			check.Inconclusive, check.Capacity, "before the outage only 0 of 150"},
	})
}

func TestBreaker(t *testing.T) {
	good, hung := careful(run.Says503), careful(run.Hangs)
	always := func(s *story) { s.calls = func(float64) int { return 1 } }
	herd := func(s *story) {
		one := s.calls
		s.calls = func(at float64) int {
			if at >= failsAt+fails+1 && at < failsAt+fails+1.5 {
				return 3
			}
			return one(at)
		}
	}
	stuck := func(s *story) { s.served = func(at float64) bool { return at < failsAt } }
	slow := func(s *story) { s.took = time.Second }
	noisy := func(s *story) { s.noise = late }
	judge(t, "breaker", []judged{
		{"left alone", []run.Record{good.outage(1)}, check.Proved, "", "0 calls were made for 150 requests"},
		{"a hang is found out later", []run.Record{hung.outage(1)}, check.Proved, "", "15 s after it began to fail (it hangs)"},
		{"goes on calling", []run.Record{good.but(always).outage(1)}, check.Refuted, "", "150 calls were made for 150 requests"},
		{"refuses slowly, once", []run.Record{good.but(slow).outage(1)}, check.Inconclusive, check.Unrepeated, "half of 150 requests were answered within 1 s"},
		{"refuses slowly, twice", []run.Record{good.but(slow).outage(1), good.but(slow).outage(2)}, check.Refuted, "", "within 1 s"},
		{"a herd, once", []run.Record{good.but(herd).outage(1)}, check.Inconclusive, check.Unrepeated, "100 calls were made, and ordinarily 50"},
		{"a herd, twice", []run.Record{good.but(herd).outage(1), good.but(herd).outage(2)}, check.Refuted, "", "it began 1 s after the return"},
		{"a herd, and so late were we", []run.Record{good.but(herd).but(noisy).outage(1)}, check.Inconclusive, check.Lag, "clock"},
		{"not used again, twice", []run.Record{good.but(stuck).outage(1), good.but(stuck).outage(2)}, check.Refuted, "", "the first create that came 2 s after its return got failed (502)"},
	})
}

func TestBulkhead(t *testing.T) {
	good := careful(run.Hangs)
	dragged := func(s *story) {
		s.free = func(at float64) time.Duration {
			if at >= failsAt && at < failsAt+5 {
				return time.Second
			}
			return time.Millisecond
		}
	}
	alone := good.outage(1)
	alone.Streams = alone.Streams[:1]
	slow := good.but(func(s *story) { s.free = func(float64) time.Duration { return time.Second } }).outage(1)
	crowded := good.but(dragged).outage(1)
	crowded.During = run.Noise{Foreign: 2, Waited: 1}
	judge(t, "bulkhead", []judged{
		{"as before", []run.Record{good.outage(1)}, check.Proved, "", "900 of 900 requests for read"},
		{"dragged along, once", []run.Record{good.but(dragged).outage(1)}, check.Inconclusive, check.Unrepeated, "650 of 900"},
		{"dragged along, twice", []run.Record{good.but(dragged).outage(1), good.but(dragged).outage(2)}, check.Refuted, "", "650 of 900"},
		{"dragged along beside others", []run.Record{crowded}, check.Inconclusive, check.Busy, "others used 2.0 processors"},
		{"slow all along", []run.Record{slow}, check.Inconclusive, check.Capacity, "before it hung, 0 of 150"},
		{"nothing else there", []run.Record{alone}, check.NotApplicable, check.NoFreeRoute, "every operation"},
	})
}

func TestRecovery(t *testing.T) {
	good := careful(run.Refuses)
	after := failsAt + fails
	late := func(until float64) func(*story) {
		return func(s *story) { s.served = func(at float64) bool { return at < failsAt || at >= after+until } }
	}
	judge(t, "recover", []judged{
		{"after a second", []run.Record{good.outage(1)}, check.Proved, "", "from 2 s after the return of a dependency that refuses, 100 of 100"},
		{"after three, once", []run.Record{good.but(late(3)).outage(1)}, check.Inconclusive, check.Unrepeated, "50 of 100"},
		{"after three, twice", []run.Record{good.but(late(3)).outage(1), good.but(late(3)).outage(2)}, check.Refuted, "", "50 of 100"},
		{"one request too many", []run.Record{good.but(late(2.03)).outage(1)}, check.Inconclusive, check.Undecided, "98 of 100"},
	})
}

func TestOutageWants(t *testing.T) {
	c, _ := check.Find("recover")
	a := &run.Artifacts{Complete: true, Outages: []run.Outage{careful(run.Says500).but(func(s *story) { s.served = func(at float64) bool { return at < failsAt } }).outage(1)}}
	f := c.Eval(a, standard())
	assert.True(t, check.OutageWants(f, run.Says500))
	assert.False(t, check.OutageWants(f, run.Hangs))
}
