package report

import (
	"fmt"
	"sync"
	"time"
)

// Progress tells a person what a run is doing: on a terminal in one line that is written again every second, elsewhere in
// a line for each step.
type Progress struct {
	paper Paper
	name  string
	start time.Time

	mu      sync.Mutex
	step    string
	stop    chan struct{} // nil: nothing is on the terminal
	stopped chan struct{}
}

// NewProgress starts the clock that lines are marked with.
func NewProgress(p Paper, name string) *Progress {
	return &Progress{paper: p, name: name, start: time.Now()}
}

// Step says what begins now.
func (p *Progress) Step(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = text
	if !p.paper.Live {
		p.paper.line(p.lineLocked())
		return
	}
	p.writeLocked()
	if p.stop == nil {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.tick(p.stop, p.stopped)
	}
}

// Done takes the line off the terminal. A later Step begins another.
func (p *Progress) Done() {
	p.mu.Lock()
	stop, stopped := p.stop, p.stopped
	p.stop = nil
	p.mu.Unlock()
	if stop == nil {
		return
	}
	close(stop)
	<-stopped
	fmt.Fprint(p.paper.Out, "\r\x1b[K")
}

// tick writes the line again until it is stopped.
func (p *Progress) tick(stop, stopped chan struct{}) {
	defer close(stopped)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		select {
		case <-stop:
			return
		case <-again.C:
			p.mu.Lock()
			p.writeLocked()
			p.mu.Unlock()
		}
	}
}

func (p *Progress) writeLocked() {
	fmt.Fprint(p.paper.Out, "\r\x1b[K"+p.paper.paint(dim, p.lineLocked()))
}

func (p *Progress) lineLocked() string {
	return clip(fmt.Sprintf("%5.1f s  %s: %s", time.Since(p.start).Seconds(), p.name, p.step), p.paper.width()-1)
}
