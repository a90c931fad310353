package stats

import (
	"encoding/json"
	"fmt"
	"math"
)

// Interval is an estimate and its bounds, in the unit of the samples. Each bound alone holds with Confidence; together
// they hold with at least 2·Confidence − 1. A bound that the samples cannot give is infinite.
type Interval struct {
	Estimate   float64
	Lo, Hi     float64
	N          int     // samples
	Confidence float64 // of each bound, in (0.5, 1)
	Method     string  // how it was computed, for the report
}

// Answer is what an interval says about a limit.
type Answer uint8

// The answers. Unsure is the zero value: what was not measured is not decided.
const (
	Unsure Answer = iota // the limit lies between the bounds
	Yes                  // the promise holds with the interval's confidence
	No                   // it is broken with the interval's confidence
)

// String returns unsure, yes or no.
func (a Answer) String() string {
	switch a {
	case Unsure:
		return "unsure"
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// AtLeast answers whether the value is at least limit: Yes if even the lower bound is, No if not even the upper one.
func (i Interval) AtLeast(limit float64) Answer {
	switch {
	case i.N == 0:
		return Unsure
	case i.Lo >= limit:
		return Yes
	case i.Hi < limit:
		return No
	}
	return Unsure
}

// AtMost answers whether the value is at most limit: Yes if even the upper bound is, No if not even the lower one.
func (i Interval) AtMost(limit float64) Answer {
	switch {
	case i.N == 0:
		return Unsure
	case i.Hi <= limit:
		return Yes
	case i.Lo > limit:
		return No
	}
	return Unsure
}

// String returns "0.97 [0.95, 0.98] n=7".
func (i Interval) String() string {
	return fmt.Sprintf("%.4g [%.4g, %.4g] n=%d", i.Estimate, i.Lo, i.Hi, i.N)
}

// wireInterval is an interval in JSON, where an infinite bound is null.
type wireInterval struct {
	Estimate   *float64 `json:"estimate"`
	Lo         *float64 `json:"lo"`
	Hi         *float64 `json:"hi"`
	N          int      `json:"n"`
	Confidence float64  `json:"confidence"`
	Method     string   `json:"method,omitempty"`
}

// MarshalJSON writes an infinite bound as null.
func (i Interval) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireInterval{finite(i.Estimate), finite(i.Lo), finite(i.Hi), i.N, i.Confidence, i.Method})
}

// UnmarshalJSON is the reverse of MarshalJSON.
func (i *Interval) UnmarshalJSON(b []byte) error {
	var w wireInterval
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*i = Interval{or(w.Estimate, math.NaN()), or(w.Lo, math.Inf(-1)), or(w.Hi, math.Inf(1)), w.N, w.Confidence, w.Method}
	return nil
}

func finite(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

func or(x *float64, otherwise float64) float64 {
	if x == nil {
		return otherwise
	}
	return *x
}
