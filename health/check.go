package health

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/life"
)

// result is what one check found.
type result struct {
	err  error
	at   time.Time     // when it was found
	took time.Duration // how long the component had been asked
}

// check asks one component, never twice at a time.
type check struct {
	component life.Component
	owner     *Health

	mu     sync.Mutex
	last   result
	flight *flight // nil: the component is not being asked
	failed bool    // what Changed was told last
}

// flight is one call of a component's Ready.
type flight struct {
	begun    time.Time
	overdue  *time.Timer
	answered chan struct{} // closed when there is a result, which may be that the call is overdue
	closed   bool
}

// ask returns a channel that is closed once result is worth reading: at once while the last result is fresh, and
// otherwise when the call that is under way, or that it starts, has returned or is overdue.
func (c *check) ask() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == nil && (c.last.at.IsZero() || time.Since(c.last.at) >= c.owner.config.TTL) {
		return c.startLocked()
	}
	if c.flight != nil {
		return c.flight.answered
	}
	return fresh
}

// fresh is the channel of a result that is there already.
var fresh = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (c *check) result() result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *check) startLocked() <-chan struct{} {
	f := &flight{begun: time.Now(), answered: make(chan struct{})}
	if !c.owner.begin() {
		c.last = result{err: errStopped, at: f.begun}
		return fresh
	}
	c.flight = f
	timeout := c.owner.config.Timeout
	f.overdue = time.AfterFunc(timeout+timeout/grace, func() { c.giveUp(f) })
	go func() {
		defer c.owner.running.Done()
		err := errNoReturn
		defer func() { c.finish(f, err) }()
		err = c.call()
	}()
	return f.answered
}

// grace is the part of the timeout that a check which heeds its context has for returning its own error, which says
// more than [ErrHung].
const grace = 16

// errNoReturn is the failure of a check that called [runtime.Goexit], as the Fatal methods of package testing do.
var errNoReturn = errors.New("health: the check ended its goroutine")

// call asks the component. A panic is a failure of the component, not of the service.
func (c *check) call() (err error) {
	ctx, cancel := context.WithTimeoutCause(c.owner.base, c.owner.config.Timeout, ErrHung)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("health: the check panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return c.component.Ready(ctx)
}

// giveUp answers those who wait for a call that does not return. The call stays the only one.
func (c *check) giveUp(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !f.closed {
		c.settleLocked(f, ErrHung)
	}
}

func (c *check) finish(f *flight, err error) {
	f.overdue.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	if f.closed {
		c.last.at, c.last.took = time.Now(), time.Since(f.begun) // too late to count as an answer
		return
	}
	c.settleLocked(f, err)
}

// settleLocked records a result, tells of a change, and lets those who wait go.
func (c *check) settleLocked(f *flight, err error) {
	c.last = result{err: err, at: time.Now(), took: time.Since(f.begun)}
	f.closed = true
	close(f.answered)
	if failed := err != nil; failed != c.failed && c.owner.base.Err() == nil { // what Stop ends has not failed
		c.failed = failed
		if c.owner.config.Changed != nil {
			c.owner.config.Changed(c.component.Name, err)
		}
	}
}
