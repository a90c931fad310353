package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
)

const (
	verdictColumn = 17 // "  not applicable "
	evidenceLines = 12 // of one piece of evidence
	evidenceParts = 3  // pieces shown for a finding; the JSON report has all
)

// Scorecard writes one run for a person.
func Scorecard(p Paper, s Summary) {
	p.line("")
	p.hanging(p.paint(bold, s.Service+": "), "", s.Headline.String())
	if !s.Ready {
		p.wrapped("", "The service never became ready.")
	}
	if !s.Complete {
		p.wrapped("", "The run was interrupted: what is missing was not tested.")
	}
	area := blueprint.Area(255)
	for _, f := range s.Findings {
		if f.Reason == check.NotSelected {
			continue
		}
		if g, ok := blueprint.Find(f.Guarantee); ok && g.Area != area {
			area = g.Area
			p.line("")
			p.line(p.paint(bold, area.String()))
		}
		finding(p, f, s.Stack)
	}
	p.line("")
	if s.File != "" {
		p.wrapped("", fmt.Sprintf("run file %s · judge it again: plimsoll prove --from %s", s.File, s.File))
	}
}

func finding(p Paper, f check.Finding, stack string) {
	indent := strings.Repeat(" ", verdictColumn)
	verdict := f.Verdict.String()
	guarantee := "  " + string(f.Guarantee)
	if verdictColumn+utf8.RuneCountInString(f.Title+guarantee) > p.width() {
		guarantee = ""
	}
	p.line("  " + p.paint(hue(f.Verdict), pad(verdict, verdictColumn-2)) + clip(f.Title, p.width()-verdictColumn) + p.paint(dim, guarantee))
	says := f.Says
	if f.Reason != check.NoReason && f.Verdict == check.Inconclusive {
		says += " (" + string(f.Reason) + ")"
	}
	p.wrapped(indent, says)
	if text := limits(f); text != "" {
		p.wrapped(indent, text)
	}
	if f.Verdict == check.Refuted || f.Verdict == check.Inconclusive {
		others(p, indent, f)
	}
	if f.Verdict == check.Refuted {
		details(p, indent, f, stack)
	}
}

// limits tells what the deciding parts were held against, and who said so.
func limits(f check.Finding) string {
	var seen []string
	for _, part := range f.Deciding() {
		if part.Limit == nil {
			continue
		}
		text := fmt.Sprintf("%s %s (%s)", part.Limit.Op, quantity(part.Limit.Value, part.Limit.Unit), part.Limit.Source)
		if !contains(seen, text) {
			seen = append(seen, text)
		}
	}
	if len(seen) == 0 {
		return ""
	}
	return "limit " + strings.Join(seen, ", ")
}

// others lists the parts beside the one that the sentence above is about.
func others(p Paper, indent string, f check.Finding) {
	for _, part := range f.Parts {
		if part.Says == f.Says || part.Verdict == check.NotApplicable {
			continue
		}
		p.hanging(indent+"- ", indent+"  ", fmt.Sprintf("%s: %s: %s", part.Name, part.Verdict, part.Says))
	}
}

// details are why it matters, what was seen, what to do and how to see it again.
func details(p Paper, indent string, f check.Finding, stack string) {
	if c, ok := check.Find(f.Check); ok {
		p.wrapped(indent+"why     ", c.Why)
	}
	for i, evidence := range f.Evidence {
		if i == evidenceParts {
			p.wrapped(indent+"        ", fmt.Sprintf("… and %d more; --json has all of it", len(f.Evidence)-i))
			break
		}
		p.wrapped(indent+"seen    ", evidence.Title+":")
		for k, line := range evidence.Lines {
			if k == evidenceLines {
				p.line(indent + "        … " + fmt.Sprint(len(evidence.Lines)-k) + " more lines")
				break
			}
			p.line(indent + p.paint(dim, clip(strings.TrimPrefix(line, "    "), p.width()-len(indent))))
		}
	}
	for _, remedy := range f.Remedies {
		if stack != "" && remedy.Stack != stack && remedy.Stack != "plimsoll" {
			continue
		}
		p.wrapped(indent+pad("fix", 8), remedy.Stack+": "+remedy.Do)
	}
	if f.Repro != "" {
		p.wrapped(indent+"repeat  ", f.Repro)
	}
}

func quantity(value float64, unit string) string {
	switch unit {
	case "s":
		if value < 1 {
			return fmt.Sprintf("%.0f ms", value*1000)
		}
		return fmt.Sprintf("%g s", value)
	case "B":
		return fmt.Sprintf("%g MiB", value/(1<<20))
	case "share":
		return fmt.Sprintf("%g %%", value*100)
	case "":
		return fmt.Sprintf("%g", value)
	}
	return fmt.Sprintf("%g %s", value, unit)
}

func contains(list []string, text string) bool {
	for _, have := range list {
		if have == text {
			return true
		}
	}
	return false
}

// clip cuts a line of evidence at the edge of the paper.
func clip(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:max(width-1, 1)]) + "…"
	}
	return text
}
