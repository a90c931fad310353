package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// judged is one recorded situation and what a check must say about it.
type judged struct {
	name    string
	records []run.Record
	verdict check.Verdict
	reason  check.Reason
	says    string // part of the sentence
}

// judge runs one check over situations. The run is complete unless a record says otherwise.
func judge(t *testing.T, id string, situations []judged) {
	t.Helper()
	c, ok := check.Find(id)
	assert.True(t, ok, id)
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			a := &run.Artifacts{Complete: true}
			for _, r := range s.records {
				a.Append(r)
			}
			f := c.Eval(a, policy.Standard())
			if f.Verdict != s.verdict || f.Reason != s.reason || !strings.Contains(f.Says, s.says) {
				t.Errorf("got %s (%s): %s\nwant %s (%s): …%s…", f.Verdict, f.Reason, f.Says, s.verdict, s.reason, s.says)
				for _, part := range f.Parts {
					t.Logf("%s: %s (%s): %s", part.Name, part.Verdict, part.Reason, part.Says)
				}
			}
		})
	}
}

func TestEveryCheckIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range check.All() {
		assert.False(t, seen[c.ID], c.ID)
		seen[c.ID] = true
		_, known := blueprint.Find(c.Guarantee)
		assert.True(t, known, "%s names guarantee %s", c.ID, c.Guarantee)
		assert.True(t, c.Title != "" && len(c.Title) <= 36, "%s: title", c.ID)
		assert.True(t, c.Promise != "" && c.Why != "", c.ID)
		stacks := ""
		for _, r := range c.Remedies {
			stacks += r.Stack + " "
			assert.NotZero(t, r.Do, c.ID)
		}
		assert.Equal(t, stacks, "plimsoll net/http node jvm python ", c.ID)
	}
	assert.Len(t, check.All(), 17)
}

func TestNothingRecordedProvesNothing(t *testing.T) {
	for _, c := range check.All() {
		f := c.Eval(&run.Artifacts{Complete: true}, policy.Standard())
		assert.Equal(t, f.Verdict, check.Inconclusive, c.ID)
		assert.Equal(t, f.Reason, check.NoData, c.ID)
		f = c.Eval(&run.Artifacts{}, policy.Standard())
		assert.Equal(t, f.Verdict, check.NotTested, c.ID)
		assert.Equal(t, f.Reason, check.Interrupted, c.ID)
		f = c.Eval(&run.Artifacts{Header: run.Header{Only: []string{"another"}}}, policy.Standard())
		assert.Equal(t, f.Reason, check.NotSelected, c.ID)
	}
}

func TestASkippedExperimentIsNeverProved(t *testing.T) {
	for reason, want := range map[check.Reason]check.Verdict{
		check.NoDependency: check.NotApplicable, check.NoBody: check.NotApplicable, check.NotReady: check.Inconclusive,
		check.ToolFailed: check.Inconclusive, "unheard-of": check.Inconclusive,
	} {
		for _, c := range check.All() {
			a := &run.Artifacts{Complete: true, Skips: []run.Skip{{Experiment: c.ID, Reason: string(reason), Detail: "why"}}}
			f := c.Eval(a, policy.Standard())
			assert.Equal(t, f.Verdict, want, "%s %s", c.ID, reason)
			assert.Equal(t, f.Says, "why")
		}
	}
}

func TestVerdictsReadBack(t *testing.T) {
	for _, v := range check.Verdicts() {
		text, err := v.MarshalText()
		assert.NoError(t, err)
		var back check.Verdict
		assert.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, back, v)
	}
	var v check.Verdict
	assert.Error(t, v.UnmarshalText([]byte("perhaps")))
}

// calm and late are how the machine was.
var (
	calm = run.Noise{Worst: 3 * time.Millisecond, Spare: 1}
	late = run.Noise{Worst: 3 * time.Second}
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
