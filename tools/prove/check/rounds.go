package check

import (
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// rounds joins the judgements of an attack and of its repetition alone. A round that held needs no other; one that
// failed counts once it has failed again. What failed once and held once is unstable, never proved.
func rounds(judged []Part) Part {
	if len(judged) == 0 {
		return Part{Verdict: Inconclusive, Reason: NoData, Says: "the experiment left nothing to judge"}
	}
	last := judged[len(judged)-1]
	if last.Verdict == Refuted && len(judged) == 1 {
		last.Verdict, last.Reason = Inconclusive, Unrepeated
		return last
	}
	for _, earlier := range judged[:len(judged)-1] {
		if last.Verdict == Proved && earlier.Verdict == Refuted {
			last.Verdict, last.Reason = Inconclusive, Unstable
			last.Says = "it failed once (" + earlier.Says + ") and held when it was repeated alone (" + last.Says + ")"
		}
		if last.Verdict == Refuted && earlier.Verdict != Refuted && len(judged) == 2 {
			last.Verdict, last.Reason = Inconclusive, Unrepeated
		}
	}
	return last
}

// WantsRepeat reports whether another round of the experiment could decide what this finding leaves open.
func WantsRepeat(f Finding) bool {
	for _, part := range f.Parts {
		switch part.Reason {
		case Unrepeated, Lag, Busy, Undecided, FewSamples, Unsent:
			if part.Verdict == Inconclusive {
				return true
			}
		}
	}
	return false
}

// WantsBlock reports whether another block could decide what an overload by this multiple leaves open.
func WantsBlock(a *run.Artifacts, p policy.Policy, multiple float64) bool {
	only := *a
	only.Loads = nil
	for _, l := range a.Loads {
		if l.Multiple == multiple {
			only.Loads = append(only.Loads, l)
		}
	}
	c := overload()
	return WantsRepeat(c.Eval(&only, p))
}
