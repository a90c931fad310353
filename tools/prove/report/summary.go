package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// Schema names the form of the JSON report. A field is never renamed or taken away under the same name.
const Schema = "plimsoll.report/1"

// Summary is one judged run.
type Summary struct {
	Schema   string          `json:"schema"`
	Tool     string          `json:"tool"`
	Service  string          `json:"service"`
	Dir      string          `json:"dir"`
	Stack    string          `json:"stack,omitempty"` // what the service seems to be written with
	Started  time.Time       `json:"started"`
	Seed     int64           `json:"seed"`
	Complete bool            `json:"complete"` // false: the run was interrupted, and so is what it says
	Ready    bool            `json:"ready"`    // false: the service never became ready
	Headline Headline        `json:"headline"`
	Exit     int             `json:"exit"`
	Findings []check.Finding `json:"findings"`

	File string `json:"file"` // the run file that it was made from
}

// Headline counts verdicts.
type Headline struct {
	Proved        int `json:"proved"`
	Refuted       int `json:"refuted"`
	Inconclusive  int `json:"inconclusive"`
	NotApplicable int `json:"not_applicable"`
	NotTested     int `json:"not_tested"`
}

// The exit codes of the tool.
const (
	ExitHeld         = 0 // everything that was asked for and applies was proved
	ExitRefuted      = 1
	ExitUsage        = 2 // the tool was told something that it can't use
	ExitInconclusive = 3 // something could not be told, or nothing was tested
	ExitNotReady     = 4 // the service never became ready
	ExitTool         = 5 // the tool failed
)

// Summarize judges a run that was read from the named file.
func Summarize(a *run.Artifacts, findings []check.Finding, file string) Summary {
	s := Summary{
		Schema: Schema, Tool: a.Header.Tool, Service: a.Header.Service, Dir: a.Header.Dir, Stack: a.Header.Stack, Started: a.Header.Started,
		Seed: a.Header.Seed, Complete: a.Complete, Ready: becameReady(a), Findings: findings, File: file,
	}
	for _, f := range findings {
		switch f.Verdict {
		case check.Proved:
			s.Headline.Proved++
		case check.Refuted:
			s.Headline.Refuted++
		case check.Inconclusive:
			s.Headline.Inconclusive++
		case check.NotApplicable:
			s.Headline.NotApplicable++
		case check.NotTested:
			s.Headline.NotTested++
		}
	}
	s.Exit = s.exit()
	return s
}

// becameReady is false when the first process was given up.
func becameReady(a *run.Artifacts) bool {
	return len(a.Launches) == 0 || a.Launches[0].Ready
}

func (s Summary) exit() int {
	switch {
	case s.Headline.Refuted > 0:
		return ExitRefuted
	case !s.Ready:
		return ExitNotReady
	case s.Headline.Inconclusive > 0 || s.Headline.Proved == 0 || !s.Complete:
		return ExitInconclusive
	}
	return ExitHeld
}

// String is the headline: "8 proved · 1 refuted · 1 inconclusive".
func (h Headline) String() string {
	parts := []string{fmt.Sprintf("%d proved", h.Proved), fmt.Sprintf("%d refuted", h.Refuted)}
	for _, more := range []struct {
		n    int
		what string
	}{{h.Inconclusive, "inconclusive"}, {h.NotApplicable, "not applicable"}, {h.NotTested, "not tested"}} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.what))
		}
	}
	return strings.Join(parts, " · ")
}
