package report

import (
	"fmt"
	"strings"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
)

// Compare writes two judged runs side by side, then one sentence for each difference and why it matters.
func Compare(p Paper, left, right Summary) {
	column := 15
	title := p.width() - 2*(column+2)
	p.line("")
	p.line(p.paint(bold, pad("", title)+"  "+pad(left.Service, column)+"  "+pad(right.Service, column)))
	differ := 0
	for _, f := range left.Findings {
		other, ok := find(right, f.Check)
		if !ok {
			continue
		}
		if f.Verdict != other.Verdict {
			differ++
		}
		p.line(pad(f.Title, title) + "  " + p.paint(hue(f.Verdict), pad(f.Verdict.String(), column)) + "  " +
			p.paint(hue(other.Verdict), pad(other.Verdict.String(), column)))
	}
	p.line("")
	p.wrapped(left.Service+": ", left.Headline.String())
	p.wrapped(right.Service+": ", right.Headline.String())
	p.line("")
	if differ == 0 {
		p.line("The verdicts are the same.")
		return
	}
	p.line(p.paint(bold, "What differs, and why it matters"))
	for _, f := range left.Findings {
		if other, ok := find(right, f.Check); ok && f.Verdict != other.Verdict {
			difference(p, left.Service, right.Service, f, other)
		}
	}
}

func difference(p Paper, left, right string, a, b check.Finding) {
	p.line("")
	p.line(p.paint(bold, a.Title) + p.paint(dim, "  "+string(a.Guarantee)))
	width := max(len(left), len(right)) + 2
	p.wrapped("  "+pad(left, width), verdictAnd(a))
	p.wrapped("  "+pad(right, width), verdictAnd(b))
	if c, ok := check.Find(a.Check); ok {
		p.wrapped("  "+pad("why", width), c.Why)
	}
}

func verdictAnd(f check.Finding) string {
	return fmt.Sprintf("%s: %s", f.Verdict, strings.TrimSuffix(f.Says, "."))
}

func find(s Summary, id string) (check.Finding, bool) {
	for _, f := range s.Findings {
		if f.Check == id {
			return f, true
		}
	}
	return check.Finding{}, false
}
