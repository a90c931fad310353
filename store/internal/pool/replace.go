package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
)

// A connection that broke keeps its permit until it is replaced, so that there
// are never more permits than usable connections, and nobody waits for a dial
// that is put off. While connections break or dials fail, one dial begins in
// Config.Replace, by a goroutine that there is only then. When nothing has broken
// for that long and a statement has succeeded since, all are replaced at once.

// forgotten is after how many times Config.Replace a connection that broke says
// nothing any more, where no statement was tried since.
const forgotten = 10

// dial makes a connection for a request, unless it would be one too many.
func (p *Pool) dial(ctx context.Context) (*entry, error) {
	now, delay := p.mayDial()
	for ; delay > 0; now, delay = p.mayDial() {
		if delay >= momentary {
			return nil, errLater
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	conn, err := p.cfg.Dial(ctx)
	switch {
	case err != nil && ctx.Err() != nil: // who leaves in the middle proves nothing
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBroke, err)
	}
	return &entry{conn: conn, born: now}, nil
}

// mayDial is the time, and how long to wait before a dial may begin. 0: it has
// begun.
func (p *Pool) mayDial() (now time.Time, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = time.Now()
	if !p.troubledLocked(now) {
		return now, 0
	}
	if delay = max(0, p.cfg.Replace-now.Sub(p.dialed)); delay == 0 {
		p.dialed = now
	}
	return now, delay
}

// troubledLocked says whether connections break, or dials fail.
func (p *Pool) troubledLocked(now time.Time) bool {
	quiet := now.Sub(p.broke)
	return quiet < p.cfg.Replace || quiet < forgotten*p.cfg.Replace && !p.worked.After(p.broke)
}

// lose keeps the permit of a connection that is missing, until it is replaced;
// broke says that it was one, or that the server could not be reached.
func (p *Pool) lose(permit admission.Permit, broke bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if broke {
		p.broke = time.Now()
	}
	if p.closed {
		permit.Release(admission.Unused)
		return
	}
	p.lost = append(p.lost, permit)
	if !p.replacing {
		p.replacing = true
		p.tended.Go(p.replace)
	}
}

// momentary is how long a request may be expected to wait for a replacement.
const momentary = 100 * time.Millisecond

// down says whether there is no connection, and soon will not be.
func (p *Pool) down() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lost) >= p.cfg.Size && p.cfg.Replace >= momentary && p.troubledLocked(time.Now())
}

// replace makes new connections until none is lost.
func (p *Pool) replace() {
	for {
		p.mu.Lock()
		if len(p.lost) == 0 || p.closed {
			p.releaseLocked()
			p.replacing = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		now, delay := p.mayDial()
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-p.life.Done():
			}
			continue
		}
		p.redial(now)
	}
}

// redial replaces one connection.
func (p *Pool) redial(now time.Time) {
	ctx, cancel := context.WithTimeout(p.life, p.cfg.DialTime)
	defer cancel()
	conn, err := p.cfg.Dial(ctx)
	if err != nil {
		p.mu.Lock()
		p.broke = time.Now()
		p.mu.Unlock()
		return
	}
	p.push(&entry{conn: conn, born: now}, false)
	p.mu.Lock()
	last := len(p.lost) - 1
	permit := p.lost[last]
	p.lost = p.lost[:last]
	p.mu.Unlock()
	permit.Release(admission.Unused)
}

// releaseLocked lets go of the permits when the pool is closed.
func (p *Pool) releaseLocked() {
	for _, permit := range p.lost {
		permit.Release(admission.Unused)
	}
	p.lost = nil
}
