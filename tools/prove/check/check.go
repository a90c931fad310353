package check

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// Check is one attack's judgement.
type Check struct {
	ID        string
	Title     string // a few words for a scorecard's line
	Guarantee blueprint.ID
	Promise   string // one sentence that the attack tries to break
	Why       string // one sentence: what happens in production when it is broken
	Remedies  []Remedy

	// Judge is pure. It files parts and evidence; the verdict is settled from the parts.
	Judge func(*run.Artifacts, policy.Policy, *Finding)
}

// All lists every check in the order in which reports show them.
func All() []Check {
	return []Check{
		slowHeader(), slowBody(), idle(), deadline(), budget(), cancel(), oversize(), overload(), recovery(), stale(),
		retry(), repeat(), breaker(), bulkhead(), drain(), health(), config(),
	}
}

// Find returns the check with the id.
func Find(id string) (Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

// Eval judges one run. Of a run that was interrupted before everything was tried, only a refutation counts.
func (c Check) Eval(a *run.Artifacts, p policy.Policy) Finding {
	f := Finding{
		Check: c.ID, Guarantee: c.Guarantee, Title: c.Title, Promise: c.Promise, Remedies: c.Remedies,
		Repro: fmt.Sprintf("plimsoll prove %s --only %s --seed %d", a.Header.Dir, c.ID, a.Header.Seed),
	}
	if len(a.Header.Only) > 0 && !slices.Contains(a.Header.Only, c.ID) {
		f.Verdict, f.Reason, f.Says = NotTested, NotSelected, "not asked for"
		return f
	}
	if skip, ok := a.Skipped(c.ID); ok {
		f.Reason = Reason(skip.Reason)
		f.Verdict, f.Says = f.Reason.verdict(), skip.Detail
		return f
	}
	c.Judge(a, p, &f)
	f.settle()
	if !a.Tried(c.ID) && f.Verdict != Refuted {
		f.Verdict, f.Reason, f.Says = NotTested, Interrupted, "the run ended before all of this was tried"
	}
	return f
}

// EvalAll judges one run by every check.
func EvalAll(a *run.Artifacts, p policy.Policy) []Finding {
	var findings []Finding
	for _, c := range All() {
		findings = append(findings, c.Eval(a, p))
	}
	return findings
}

// Recorded is the policy that the run was planned by.
func Recorded(a *run.Artifacts) (policy.Policy, error) {
	p := policy.Standard()
	if len(a.Policy) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(a.Policy, &p); err != nil {
		return p, fmt.Errorf("policy in the run file: %w", err)
	}
	return p, nil
}
