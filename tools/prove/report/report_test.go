package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/report"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		assert.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	assert.NoError(t, err)
	assert.Equal(t, text, string(want), "run with -update if this is meant")
}

// findings has one of each verdict, with the checks' own words.
func findings() []check.Finding {
	limit := &check.Limit{Op: "<=", Value: 15, Unit: "s", Source: policy.Default}
	var out []check.Finding
	for i, c := range check.All() {
		f := check.Finding{Check: c.ID, Guarantee: c.Guarantee, Title: c.Title, Promise: c.Promise, Remedies: c.Remedies,
			Verdict: check.Verdicts()[(4+i)%5], Says: fmt.Sprintf("what was seen of %s, in a sentence that is long enough to need more than one line", c.ID)}
		part := check.Part{Name: "the claim", Main: true, Verdict: f.Verdict, Says: f.Says, Limit: limit}
		f.Parts = []check.Part{part}
		switch f.Verdict {
		case check.Refuted:
			f.Parts = append(f.Parts, check.Part{Name: "another claim", Verdict: check.Proved, Says: "it held"})
			f.Evidence = []check.Evidence{{Title: "round 1", Lines: []string{
				"    0.000 s  sent     42 bytes  " + strings.Repeat("x", 100), "    1.000 s  received nothing"}}}
			f.Repro = "plimsoll prove example/naive --only " + c.ID
		case check.Inconclusive:
			f.Reason = check.Lag
		case check.NotTested:
			f.Reason, f.Parts = check.Interrupted, nil
		case check.NotApplicable:
			f.Reason = check.NoBody
		}
		out = append(out, f)
	}
	return out
}

func summary(complete bool, list []check.Finding) report.Summary {
	a := &run.Artifacts{Complete: complete, Header: run.Header{
		Tool: "test", Service: "naive", Dir: "example/naive", Stack: "net/http", Seed: 1, Started: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)}}
	return report.Summarize(a, list, "naive.plm")
}

func TestScorecard(t *testing.T) {
	var out bytes.Buffer
	report.Scorecard(report.Paper{Out: &out}, summary(true, findings()))
	golden(t, "scorecard.golden", out.String())
	narrow(t, out.String(), 80)

	out.Reset()
	report.Scorecard(report.Paper{Out: &out, Width: 50}, summary(false, findings()))
	narrow(t, out.String(), 50)
	assert.Contains(t, out.String(), "interrupted")
}

func TestCompare(t *testing.T) {
	right := summary(true, findings())
	right.Service = "orders"
	right.Findings = append([]check.Finding(nil), right.Findings...)
	for i := range right.Findings {
		right.Findings[i].Verdict, right.Findings[i].Says = check.Proved, "it held"
	}
	var out bytes.Buffer
	report.Compare(report.Paper{Out: &out}, summary(true, findings()), right)
	golden(t, "compare.golden", out.String())
	narrow(t, out.String(), 80)

	out.Reset()
	report.Compare(report.Paper{Out: &out}, right, right)
	assert.Contains(t, out.String(), "The verdicts are the same.")
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	assert.NoError(t, report.JSON(&out, summary(true, findings())))
	golden(t, "report.golden.json", out.String())
	var back report.Summary
	assert.NoError(t, json.Unmarshal(out.Bytes(), &back))
	assert.Equal(t, back, summary(true, findings()))
}

func TestColourIsAroundWordsOnly(t *testing.T) {
	var plain, colour bytes.Buffer
	report.Scorecard(report.Paper{Out: &plain}, summary(true, findings()))
	report.Scorecard(report.Paper{Out: &colour, Colour: true}, summary(true, findings()))
	assert.NotContains(t, plain.String(), "\x1b")
	stripped := colour.String()
	for _, code := range []string{"0", "1", "2", "31", "32", "33"} {
		assert.Contains(t, stripped, "\x1b["+code+"m")
		stripped = strings.ReplaceAll(stripped, "\x1b["+code+"m", "")
	}
	assert.NotContains(t, stripped, "\x1b")
	assert.Equal(t, strings.Join(strings.Fields(stripped), " "), strings.Join(strings.Fields(plain.String()), " "))
}

func TestExitCodes(t *testing.T) {
	of := func(complete bool, verdicts ...check.Verdict) int {
		var list []check.Finding
		for _, v := range verdicts {
			list = append(list, check.Finding{Verdict: v})
		}
		return summary(complete, list).Exit
	}
	assert.Equal(t, of(true, check.Proved, check.NotApplicable, check.NotTested), report.ExitHeld)
	assert.Equal(t, of(true, check.Proved, check.Refuted, check.Inconclusive), report.ExitRefuted)
	assert.Equal(t, of(true, check.Proved, check.Inconclusive), report.ExitInconclusive)
	assert.Equal(t, of(true, check.NotApplicable), report.ExitInconclusive, "nothing was tested")
	assert.Equal(t, of(true), report.ExitInconclusive)
	assert.Equal(t, of(false, check.Proved, check.NotTested), report.ExitInconclusive, "it was interrupted")
	assert.Equal(t, of(false, check.Proved, check.Refuted), report.ExitRefuted)

	a := &run.Artifacts{Launches: []run.Launch{{Ready: false}}}
	assert.Equal(t, report.Summarize(a, nil, "").Exit, report.ExitNotReady)
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := report.NewProgress(report.Paper{Out: &out}, "orders")
	p.Step("starting")
	p.Done()
	assert.Match(t, out.String(), `^ +0\.\d s  orders: starting\n$`)

	out.Reset()
	p = report.NewProgress(report.Paper{Out: &out, Live: true}, "orders")
	p.Step(strings.Repeat("long ", 40))
	p.Step("short")
	p.Done()
	p.Done()
	assert.NotContains(t, out.String(), "\n", "one line that is written again")
	assert.Equal(t, strings.Count(out.String(), "\r\x1b[K"), 3)
}

// narrow wants no line to be wider than the paper.
func narrow(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		assert.AtMost(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
	}
}
