package check

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// largest is the measure of a maximum over n observations: judged as it is, not as a sample of something.
func largest(d time.Duration, n int) *Measure {
	return extreme(d, n, "largest")
}

func smallest(d time.Duration, n int) *Measure {
	return extreme(d, n, "smallest")
}

func extreme(d time.Duration, n int, which string) *Measure {
	s := d.Seconds()
	method := fmt.Sprintf("%s of %d", which, n)
	return &Measure{Unit: "s", Method: method,
		Value: stats.Interval{Estimate: s, Lo: s, Hi: s, N: n, Method: method}}
}

// counted is the measure of a share of n trials.
func counted(k, n int) *Measure {
	value := stats.Proportion(k, n, 0.95)
	return &Measure{Unit: "share", Value: value, Method: value.Method}
}

func atMost(t policy.Time) *Limit {
	return &Limit{Op: "<=", Value: t.Value.Seconds(), Unit: "s", Source: t.Source}
}

func atLeast(t policy.Time) *Limit {
	return &Limit{Op: ">=", Value: t.Value.Seconds(), Unit: "s", Source: t.Source}
}

// ofShare limits a share of trials by a number that nobody chooses.
func ofShare(op string, value float64) *Limit {
	return &Limit{Op: op, Value: value, Unit: "share", Source: policy.Default}
}

// timely judges a duration that must not exceed its limit. What exceeds it by no more than the prover's own clock was
// late is not held against the service.
func timely(d time.Duration, limit policy.Time, n run.Noise) (Verdict, Reason) {
	switch {
	case d <= limit.Value+limit.Slack():
		return Proved, NoReason
	case d <= limit.Value+limit.Slack()+2*n.Worst:
		return Inconclusive, Lag
	}
	return Refuted, NoReason
}

// seconds writes a duration as a person reads it.
func seconds(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + seconds(-d)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case d < 10*time.Second:
		return trimmed(fmt.Sprintf("%.2f", d.Seconds())) + " s"
	}
	return trimmed(fmt.Sprintf("%.1f", d.Seconds())) + " s"
}

// trimmed takes zeros off the end of a fraction.
func trimmed(number string) string {
	for number[len(number)-1] == '0' {
		number = number[:len(number)-1]
	}
	if number[len(number)-1] == '.' {
		number = number[:len(number)-1]
	}
	return number
}

// lateness says how late the prover was.
func lateness(n run.Noise) string {
	return fmt.Sprintf("the prover's own clock was up to %s late meanwhile", seconds(n.Worst))
}
