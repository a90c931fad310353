// Package policy holds the numbers that a service is judged by and the plan by which it is attacked.
//
// Every limit knows where it came from: the prover's default, the manifest that a Plimsoll service publishes, or the
// service's plimsoll.yaml. A verdict shows the limit with its source, so that its reader can argue with the number and not
// with the tool.
package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Source says who chose a limit.
type Source string

// The sources, from the weakest to the strongest.
const (
	Default  Source = "default"  // the prover's own number
	Manifest Source = "manifest" // the service published it
	Spec     Source = "spec"     // its plimsoll.yaml says so
)

// Time is a duration with its source.
type Time struct {
	Value  time.Duration `json:"value_ns"`
	Source Source        `json:"source"`
}

// Ratio is a share of 1 with its source.
type Ratio struct {
	Value  float64 `json:"value"`
	Source Source  `json:"source"`
}

// Bytes is a size with its source.
type Bytes struct {
	Value  Size   `json:"value"`
	Source Source `json:"source"`
}

// Policy is what one run judges by. It is recorded in the run file: a run that is evaluated again without another
// plimsoll.yaml is judged by the same numbers.
type Policy struct {
	Header Time `json:"header"` // slowest close of a connection whose request headers drip
	Body   Time `json:"body"`   // slowest answer to, or close of, a connection whose request body drips

	IdleMin Time `json:"idle_min"` // a kept-alive connection lives at least so long, or it races its load balancer
	IdleMax Time `json:"idle_max"` // and at most so long

	Memory Bytes `json:"memory"` // growth of resident memory while an oversize body is offered

	Deadline Time `json:"deadline"` // whole answer while a dependency hangs
	Cancel   Time `json:"cancel"`   // from the client's leaving to the end of the call at the dependency

	Goodput2 Ratio `json:"goodput_2x"` // useful work at twice the capacity, as a share of that at capacity
	Goodput5 Ratio `json:"goodput_5x"` // the same at five times, and any other above two
	Refusal  Time  `json:"refusal"`    // 99 % of refusals are told within this
	Recover  Time  `json:"recover"`    // from the end of the overload to the first good window

	ReadyOff Time `json:"ready_off"` // from SIGTERM to the first readiness answer that is not 200
	Exit     Time `json:"exit"`      // from SIGTERM to the end of the process

	HealthFlip   Time `json:"health_flip"`   // readiness follows a dependency that goes or returns within this
	HealthAnswer Time `json:"health_answer"` // every health answer, whatever the dependencies do

	Amplification Ratio `json:"amplification"` // calls a request while a dependency fails
	BreakerOpen   Time  `json:"breaker_open"`  // a dependency that fails is left alone after this
	BreakerCalls  Ratio `json:"breaker_calls"` // what is still called then, as a share of what is asked for
	Return        Time  `json:"return"`        // a dependency that is well again is used, and well served, after this
	Herd          Ratio `json:"herd"`          // calls in the busiest second after its return, over the ordinary
	Isolation     Time  `json:"isolation"`     // an answer that does not need the dependency, while that hangs
	ConfigExit    Time  `json:"config_exit"`   // a misconfigured process ends within this

	Plan Plan `json:"plan"` // how the attacks are made
}

// Goodput is the limit at a multiple of the capacity.
func (p Policy) Goodput(multiple float64) Ratio {
	if multiple <= 2 {
		return p.Goodput2
	}
	return p.Goodput5
}

// Slack is how much later than its limit a close or an answer may be seen before that counts: scheduling and the way
// back belong to the machine, not to the service. A tenth of the limit, at least 100 ms, at most 2 s.
func (t Time) Slack() time.Duration {
	return min(max(t.Value/10, 100*time.Millisecond), 2*time.Second)
}

// Size is a number of bytes. In text it carries a unit: 512B, 64KiB, 8MiB, 1GiB.
type Size int64

var units = []struct {
	suffix string
	scale  Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size with its unit.
func (s *Size) UnmarshalText(text []byte) error {
	for _, unit := range units {
		digits, ok := strings.CutSuffix(string(text), unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<50)/int64(unit.scale) {
			break
		}
		*s = Size(n) * unit.scale
		return nil
	}
	return fmt.Errorf("%q is not a size; write a whole number with its unit, such as 512KiB or 64MiB", text)
}

// MarshalText writes the size so that UnmarshalText reads the same.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the size in the largest unit that shows it exactly.
func (s Size) String() string {
	for _, unit := range units {
		if s >= unit.scale && s%unit.scale == 0 {
			return strconv.FormatInt(int64(s/unit.scale), 10) + unit.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
