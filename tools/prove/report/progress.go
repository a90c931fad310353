package report

import (
	"fmt"
	"sync"
	"time"
)

// Progress tells a person what a run is doing: on a terminal in one line that is written again, elsewhere in a line for
// each step.
type Progress struct {
	paper Paper
	name  string
	start time.Time

	mu    sync.Mutex
	shown bool // an unfinished line is on the terminal
}

// NewProgress starts the clock that lines are marked with.
func NewProgress(p Paper, name string) *Progress {
	return &Progress{paper: p, name: name, start: time.Now()}
}

// Step says what begins now.
func (p *Progress) Step(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := clip(fmt.Sprintf("%5.1f s  %s: %s", time.Since(p.start).Seconds(), p.name, text), p.paper.width()-1)
	if p.paper.Live {
		fmt.Fprint(p.paper.Out, "\r\x1b[K"+p.paper.paint(dim, line))
		p.shown = true
		return
	}
	p.paper.line(line)
}

// Done takes an unfinished line away.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.paper.Out, "\r\x1b[K")
		p.shown = false
	}
}
