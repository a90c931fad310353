package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
)

const (
	plainWidth = 80  // columns where there is no terminal to ask
	widest     = 110 // longer lines are hard to read
	narrowest  = 40
)

// Paper is what a report is written on: where, how wide, and whether in colour.
type Paper struct {
	Out    io.Writer
	Width  int  // columns; 0: 80
	Colour bool // ANSI colours
	Live   bool // a terminal, whose last line can be written again
}

// NewPaper looks at where the output goes. NO_COLOR (no-color.org) and TERM=dumb switch colours off.
func NewPaper(out *os.File) Paper {
	p := Paper{Out: out, Width: plainWidth}
	if !term.IsTerminal(int(out.Fd())) {
		return p
	}
	dumb := os.Getenv("TERM") == "dumb"
	p.Live = !dumb
	p.Colour = !dumb && os.Getenv("NO_COLOR") == ""
	if width, _, err := term.GetSize(int(out.Fd())); err == nil && width > 0 {
		p.Width = min(max(width, narrowest), widest)
	}
	return p
}

func (p Paper) width() int {
	if p.Width == 0 {
		return plainWidth
	}
	return p.Width
}

// line writes one line. A report that can't be written has no other reader to tell.
func (p Paper) line(text string) { fmt.Fprintln(p.Out, strings.TrimRight(text, " ")) }

// wrapped writes text behind a first prefix, and behind spaces of the same width on the lines after it.
func (p Paper) wrapped(prefix, text string) {
	p.hanging(prefix, strings.Repeat(" ", utf8.RuneCountInString(prefix)), text)
}

func (p Paper) hanging(first, rest, text string) {
	room := p.width() - max(columns(first), columns(rest))
	for i, line := range wrap(text, room) {
		if i == 0 {
			p.line(first + line)
			continue
		}
		p.line(rest + line)
	}
}

// columns is how wide text is, colours aside.
func columns(text string) int {
	n, inside := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			inside = true
		case !inside:
			n++
		case r == 'm':
			inside = false
		}
	}
	return n
}

// ANSI colours.
const (
	green  = "32"
	red    = "31"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

func (p Paper) paint(colour, text string) string {
	if !p.Colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// hue is the colour of a verdict.
func hue(v check.Verdict) string {
	switch v {
	case check.Proved:
		return green
	case check.Refuted:
		return red
	case check.Inconclusive:
		return yellow
	case check.NotApplicable, check.NotTested:
		return dim
	}
	return ""
}

// wrap breaks text into lines of at most width columns, at spaces where it can.
func wrap(text string, width int) []string {
	width = max(width, 20)
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			runes := []rune(word)
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines = append(lines, string(runes[:width]))
			word = string(runes[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// pad fills text up to width columns, or cuts it.
func pad(text string, width int) string {
	n := utf8.RuneCountInString(text)
	if n > width {
		return string([]rune(text)[:max(width-1, 0)]) + "…"
	}
	return text + strings.Repeat(" ", width-n)
}
