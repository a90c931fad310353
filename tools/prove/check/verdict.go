package check

import "fmt"

// Verdict is what a check says about a promise.
type Verdict uint8

// The verdicts. NotTested is the zero value: what nobody looked at is not proved.
const (
	NotTested     Verdict = iota // nobody looked: not asked for, or the run ended before
	NotApplicable                // the service has nothing that the promise is about
	Inconclusive                 // it was looked at and cannot be told; the reason says why
	Refuted                      // the promise was broken, and the evidence shows it
	Proved                       // the promise held against the attack
	verdicts
)

var verdictNames = [...]string{"not tested", "not applicable", "inconclusive", "refuted", "proved"}

// Verdicts lists every verdict.
func Verdicts() []Verdict {
	all := make([]Verdict, 0, verdicts)
	for v := range verdicts {
		all = append(all, v)
	}
	return all
}

// String is the verdict as reports show it.
func (v Verdict) String() string {
	if v < verdicts {
		return verdictNames[v]
	}
	return "unknown"
}

// MarshalText writes the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a name that MarshalText wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("no verdict is called %q", text)
}

// Reason says in one coded word why a verdict is not a plain proved or refuted.
type Reason string

// The reasons.
const (
	NoReason Reason = ""

	// not tested
	NotSelected Reason = "not-selected" // --only named others
	Interrupted Reason = "interrupted"  // the run ended before it

	// not applicable
	NoDependency Reason = "no-dependency" // no operation calls a dependency that the prover plays
	DepUnused    Reason = "dep-unused"    // the operation is said to call it, and did not
	NoBody       Reason = "no-body"       // no operation takes a body
	NoKeepAlive  Reason = "no-keepalive"  // the service says that it closes after each answer
	NoHealth     Reason = "no-health"     // plimsoll.yaml names no health path
	NoVariable   Reason = "no-variable"   // no variable to break
	NoFreeRoute  Reason = "no-free-route" // every operation needs the dependency
	NoUnsafe     Reason = "no-unsafe"     // no operation makes a call that is unsafe to repeat
	OneCall      Reason = "one-call"      // no request made a second call
	CapTooHigh   Reason = "cap-too-high"  // the multiple is above what this generator can offer

	// inconclusive
	Lag         Reason = "lag"          // the prover itself was late
	Busy        Reason = "busy"         // others used the machine's processors
	Unsent      Reason = "unsent"       // the prover could not offer what it planned
	Unrepeated  Reason = "unrepeated"   // it failed once and was not tried again
	Unstable    Reason = "unstable"     // it failed once and held once
	Undecided   Reason = "undecided"    // the interval spans the limit
	FewSamples  Reason = "few-samples"  // too few for the quantile
	Capacity    Reason = "capacity"     // the capacity was not found, or was not the bottleneck
	WatchShort  Reason = "watch-short"  // still open when the watch ended, before the limit
	ServiceGone Reason = "service-gone" // the service ended or stopped answering for another reason
	NotReady    Reason = "not-ready"    // a process for this experiment never became ready
	TurnedAway  Reason = "turned-away"  // the attack was refused at once, for a reason that says nothing about the promise
	ToolFailed  Reason = "tool-failed"  // the prover could not do its part
	NoData      Reason = "no-data"      // the experiment left nothing
)

// verdict is the one that a skipped experiment gets for the reason.
func (r Reason) verdict() Verdict {
	switch r {
	case NotSelected, Interrupted:
		return NotTested
	case NoDependency, DepUnused, NoBody, NoKeepAlive, NoHealth, NoVariable, NoFreeRoute, NoUnsafe, OneCall, CapTooHigh:
		return NotApplicable
	}
	return Inconclusive
}
