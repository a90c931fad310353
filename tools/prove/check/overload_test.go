package check_test

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// stretch is traffic at a rate of which so much was good, the rest refused after a time, or timed out.
type stretch struct {
	rate   float64
	good   float64       // share of the requests
	shed   bool          // the others are refused; false: they time out
	slow   time.Duration // what a refusal takes
	retry  int16         // its Retry-After
	lag    time.Duration // of the generator
	others float64       // processors
}

func (s stretch) load(part string, block int, began time.Time, length time.Duration) run.Load {
	l := run.Load{Part: part, Multiple: 2, Block: block, Offered: s.rate, Warmup: 500 * time.Millisecond, Noise: run.Noise{Foreign: s.others, Spare: max(1-s.others, 0)},
		Result: load.Result{Began: began, Length: length, Deadline: time.Second}}
	step := time.Duration(float64(time.Second) / s.rate)
	served := 0.0
	for at := step; at < length; at += step {
		row := load.Row{Intended: at, Picked: at + s.lag, Written: at + s.lag, Outcome: load.Timeout, Last: at + time.Second}
		switch served += s.good; {
		case served >= 1:
			served--
			row.Outcome, row.Status, row.Last = load.OK, 200, at+100*time.Millisecond
		case s.shed:
			row.Outcome, row.Status, row.Last, row.RetryAfter = load.Shed, 503, at+s.slow, s.retry
		}
		l.Result.Rows = append(l.Result.Rows, row)
	}
	return l
}

// blockOf is a base, an attack and a quiet stretch at half the capacity of 500.
func blockOf(number int, attack stretch, quietGood, others float64) []run.Record {
	began := time.Unix(int64(number)*100, 0)
	base := stretch{rate: 500, good: 1, lag: attack.lag, others: others}
	attack.others = others
	ended := began.Add(7500 * time.Millisecond)
	return []run.Record{
		base.load(run.Base, number, began, 3500*time.Millisecond),
		attack.load(run.Attack, number, began.Add(3500*time.Millisecond), 4*time.Second),
		stretch{rate: 250, good: quietGood, others: others}.load(run.Quiet, number, ended, 7*time.Second),
	}
}

func overloaded(rate float64, blocks ...[]run.Record) []run.Record {
	records := []run.Record{run.Capacity{Rate: rate, Slots: 10, Hold: 20 * time.Millisecond, Ceiling: 500, Steps: []run.Step{{Workers: 10, Rate: rate}}}}
	for _, b := range blocks {
		records = append(records, b...)
	}
	return records
}

func TestOverload(t *testing.T) {
	held := stretch{rate: 1000, good: 0.5, shed: true, slow: 5 * time.Millisecond, retry: 1}
	collapsed := stretch{rate: 1000, good: 0.02}
	slow, silent, dated := held, held, held
	slow.slow, silent.retry, dated.retry = 400*time.Millisecond, -1, -2
	lagging, crawling := held, held
	lagging.lag, crawling.lag = 20*time.Millisecond, 200*time.Millisecond
	lagged := collapsed
	lagged.lag = 20 * time.Millisecond
	two := func(s stretch, quiet, others float64) []run.Record {
		return overloaded(500, blockOf(1, s, quiet, others), blockOf(2, s, quiet, others))
	}
	judge(t, "overload", []judged{
		{"held", overloaded(500, blockOf(1, held, 1, 0)), check.Proved, "", "useful work was 100 % of that at capacity"},
		{"collapsed, once", overloaded(500, blockOf(1, collapsed, 1, 0)), check.Inconclusive, check.Unrepeated, "useful work was 4 %"},
		{"collapsed, twice", two(collapsed, 1, 0), check.Refuted, "", "useful work was 4 %"},
		{"collapsed beside hogs", two(collapsed, 1, 1.5), check.Inconclusive, check.Busy, "others used 1.5 processors"},
		{"collapsed, twice calm and once beside hogs", overloaded(500, blockOf(1, collapsed, 1, 0), blockOf(2, collapsed, 1, 1.5), blockOf(3, collapsed, 1, 0)), check.Refuted, "", "useful work was 4 %"},
		{"does not recover beside hogs", two(held, 0.2, 1.5), check.Inconclusive, check.Busy, "beside others who used the machine"},
		{"held beside hogs", two(held, 1, 1.5), check.Proved, "", "100 %"},
		{"held beside hogs, capacity too low", overloaded(300, blockOf(1, held, 1, 1.5)), check.Inconclusive, check.Busy, "others used"},
		{"held, the generator a little late", two(lagging, 1, 0), check.Proved, "", "because the machine was busy"},
		{"held, the generator very late", two(crawling, 1, 0), check.Inconclusive, check.Lag, "the generator was late: p99 200.0 ms"},
		{"collapsed, the generator a little late", two(lagged, 1, 0), check.Inconclusive, check.Lag, "the generator was late"},
		{"refuses slowly", two(slow, 1, 0), check.Refuted, "", "took at most 400 ms"},
		{"refuses without advice", overloaded(500, blockOf(1, silent, 1, 0)), check.Refuted, "", "carried Retry-After"},
		{"refuses with a date", overloaded(500, blockOf(1, dated, 1, 0)), check.Refuted, "", "0 of"},
		{"does not recover", two(held, 0.2, 0), check.Refuted, "", "not served well again"},
		{"does not recover, once", overloaded(500, blockOf(1, held, 0.2, 0)), check.Inconclusive, check.Unrepeated, "not served well again"},
		{"no capacity", []run.Record{run.Capacity{Problem: "nothing worked"}}, check.Inconclusive, check.Capacity, "nothing worked"},
		{"capacity too high", append(overloaded(500), run.Skip{Experiment: check.MultipleID(2), Reason: string(check.CapTooHigh), Detail: "too high"}), check.NotApplicable, check.CapTooHigh, "too high"},
		{"served everything", two(stretch{rate: 1000, good: 1}, 1, 0), check.Inconclusive, check.Capacity, "more than the capacity"},
	})
}

func TestAMachineThatIsTooBusyIsUnfit(t *testing.T) {
	step := func(rate float64, lag time.Duration) load.FitnessStep {
		return load.FitnessStep{Rate: rate, LagP99: lag, Good: 1}
	}
	f := load.Fitness{Steps: []load.FitnessStep{step(1000, 60*time.Millisecond), step(1000, 20*time.Millisecond), step(2000, 70*time.Millisecond)}}
	for rate, want := range map[float64]bool{500: false, 1000: false, 1900: false, 2000: true, 9000: true} {
		_, unfit := check.Unfit(f, rate, time.Second)
		assert.Equal(t, unfit, want, "%v", rate)
	}
	_, unfit := check.Unfit(load.Fitness{}, 100, time.Second)
	assert.False(t, unfit, "nothing is known")
}
