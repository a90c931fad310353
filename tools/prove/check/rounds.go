package check

import (
	"slices"

	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// rounds joins the judgements of an attack and of its repetitions alone. A failure counts once it was seen twice; one
// that was seen once is unrepeated, and unstable beside a round that held. Rounds that could not be judged say nothing.
func rounds(judged []Part) Part {
	if len(judged) == 0 {
		return Part{Verdict: Inconclusive, Reason: NoData, Says: "the experiment left nothing to judge"}
	}
	of := func(v Verdict) (count int, last Part) {
		for _, part := range judged {
			if part.Verdict == v {
				count, last = count+1, part
			}
		}
		return count, last
	}
	refuted, failure := of(Refuted)
	proved, held := of(Proved)
	switch {
	case refuted > 1:
		return failure
	case refuted == 1 && proved > 0:
		failure.Verdict, failure.Reason = Inconclusive, Unstable
		failure.Says = "it failed once (" + failure.Says + ") and held when it was repeated alone (" + held.Says + ")"
		return failure
	case refuted == 1:
		failure.Verdict, failure.Reason = Inconclusive, unrepeated(judged)
		return failure
	case proved > 0:
		return held
	}
	return judged[len(judged)-1]
}

// unrepeated is why a failure was seen only once: nobody tried again, or the repetition could not be judged.
func unrepeated(judged []Part) Reason {
	for _, part := range judged {
		if part.Verdict == Inconclusive && part.Reason != NoReason {
			return part.Reason
		}
	}
	return Unrepeated
}

// WantsRepeat reports whether another round of the experiment could decide what this finding leaves open.
func WantsRepeat(f Finding) bool { return slices.ContainsFunc(f.Parts, Part.WantsRepeat) }

// WantsRepeat reports whether another round could decide this part.
func (p Part) WantsRepeat() bool {
	switch p.Reason {
	case Unrepeated, Lag, Busy, Undecided, FewSamples, Unsent:
		return p.Verdict == Inconclusive
	}
	return false
}

// WantsBlock reports whether another block could decide what an overload by this multiple leaves open. What is refuted
// needs no more.
func WantsBlock(a *run.Artifacts, p policy.Policy, multiple float64) bool {
	only := *a
	only.Loads, only.Complete = nil, true
	for _, l := range a.Loads {
		if l.Multiple == multiple {
			only.Loads = append(only.Loads, l)
		}
	}
	f := overload().Eval(&only, p)
	return f.Verdict != Refuted && WantsRepeat(f)
}
