package check

import (
	"strings"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Finding is what one check says about one run.
type Finding struct {
	Check     string       `json:"check"`
	Guarantee blueprint.ID `json:"guarantee"`
	Title     string       `json:"title"`
	Promise   string       `json:"promise"`
	Verdict   Verdict      `json:"verdict"`
	Reason    Reason       `json:"reason,omitempty"`
	Says      string       `json:"says"`  // one sentence: what was seen
	Parts     []Part       `json:"parts"` // what the verdict is made of, the worst first decides
	Evidence  []Evidence   `json:"evidence,omitempty"`
	Repro     string       `json:"repro,omitempty"` // a command that repeats it
	Remedies  []Remedy     `json:"remedies"`
}

// Part is one measured claim inside a check.
type Part struct {
	Name     string   `json:"name"`
	Main     bool     `json:"main,omitempty"` // it is what the check is named after; the others go with it
	Verdict  Verdict  `json:"verdict"`
	Reason   Reason   `json:"reason,omitempty"`
	Says     string   `json:"says"`
	Measured *Measure `json:"measured,omitempty"`
	Limit    *Limit   `json:"limit,omitempty"`
}

// Measure is a number with its interval. For the largest of n observations Lo and Hi equal Est.
type Measure struct {
	Unit   string         `json:"unit"`
	Value  stats.Interval `json:"value"`
	Method string         `json:"method"`
}

// Limit is what the measure is held against.
type Limit struct {
	Op     string        `json:"op"` // "<=" or ">="
	Value  float64       `json:"value"`
	Unit   string        `json:"unit"`
	Source policy.Source `json:"source"`
}

// Evidence is something that was seen, line by line.
type Evidence struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// Remedy is what to do about a refuted promise in one stack.
type Remedy struct {
	Stack string `json:"stack"`
	Do    string `json:"do"`
}

// settle makes the verdict of the whole out of its parts: one refuted part refutes, else one inconclusive part leaves it
// open, else one proved part proves. The sentence is that of the part that decided, or of all main parts when they held.
func (f *Finding) settle() {
	decided := -1
	for i, part := range f.Parts {
		if decided < 0 || rank(part.Verdict) < rank(f.Parts[decided].Verdict) {
			decided = i
		}
	}
	if decided < 0 {
		f.Verdict, f.Reason, f.Says = Inconclusive, NoData, "the experiment left nothing to judge"
		return
	}
	part := f.Parts[decided]
	f.Verdict, f.Reason = part.Verdict, part.Reason
	if f.Verdict != Proved {
		f.Says = part.Says
		return
	}
	if f.Says != "" {
		return
	}
	for _, part := range f.Parts {
		if part.Main && part.Verdict == Proved && !strings.Contains(f.Says, part.Says) {
			f.Says += "; " + part.Says
		}
	}
	if f.Says = strings.TrimPrefix(f.Says, "; "); f.Says == "" {
		f.Says = part.Says
	}
}

// Deciding are the parts that the finding's sentence is about.
func (f *Finding) Deciding() []Part {
	var out []Part
	for _, part := range f.Parts {
		if f.Verdict == Proved && part.Main && part.Verdict == Proved || f.Verdict != Proved && part.Says == f.Says {
			out = append(out, part)
		}
	}
	return out
}

// rank orders verdicts by how much they decide about a whole.
func rank(v Verdict) int {
	switch v {
	case Refuted:
		return 0
	case Inconclusive:
		return 1
	case Proved:
		return 2
	case NotTested:
		return 3
	}
	return 4
}

// addPart files a claim.
func (f *Finding) addPart(p Part) { f.Parts = append(f.Parts, p) }

// show files evidence that has lines.
func (f *Finding) show(title string, lines []string) {
	if len(lines) > 0 {
		f.Evidence = append(f.Evidence, Evidence{Title: title, Lines: lines})
	}
}
