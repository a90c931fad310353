// Package health answers two questions about a service: is the process alive, and should it be sent requests now.
//
// Liveness depends on nothing: a process that can answer is alive, and restarting it would not bring a database back.
// Readiness asks every component that has a Ready function. The asking is bounded in every direction: components are
// asked side by side, each has a time limit, none is asked again before the last time has returned, and an answer is
// kept for a while, so that no number of probes becomes load on a dependency, and no dependency delays a probe.
//
// Both handlers may face anyone who reaches the admin port. They show which component is down and what kind of
// failure it is, never the text of an error, in which addresses and credentials may be.
package health

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/life"
)

// Defaults of a [Config]. The limit stays below the second after which a Kubernetes probe gives up by itself: an
// optional component that hangs must show as a warning, not as a probe without an answer.
const (
	DefaultTimeout = 800 * time.Millisecond
	DefaultTTL     = 500 * time.Millisecond
)

// Config sets the limits. Its zero value is what a service in production wants.
type Config struct {
	// Timeout bounds one check, and with it the time to an answer, which comes a sixteenth later at most. 0: 800 ms.
	Timeout time.Duration

	// TTL is how long a result is good for, counted from the end of its check. 0: 500 ms, which makes at most two
	// checks a second.
	TTL time.Duration

	// Changed is told when a component fails that did not fail before, with the error, and when it no longer fails,
	// with nil. It is called from the goroutine of a check, one call at a time for each component, and must not call
	// back into this package. nil: nobody is told.
	Changed func(component string, err error)
}

// Health holds a service's state. Its methods may be called from any goroutine.
type Health struct {
	config   Config
	started  atomic.Bool
	draining atomic.Bool
	base     context.Context // of every check, ended by Stop
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	checks  []*check
	stopped bool
}

// New makes the health of a service that is starting: it is alive and not ready until SetStarted.
func New(c Config) *Health {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.TTL <= 0 {
		c.TTL = DefaultTTL
	}
	h := &Health{config: c}
	h.base, h.cancel = context.WithCancel(context.Background())
	return h
}

// Add includes a component in readiness, also after the start. One without a Ready function is always ready and not
// shown.
func (h *Health) Add(c life.Component) {
	if c.Ready == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, &check{component: c, owner: h})
}

// SetStarted says that the service can take requests, as far as it depends on itself.
func (h *Health) SetStarted() { h.started.Store(true) }

// SetDraining makes readiness fail at once and for good; liveness is not affected.
func (h *Health) SetDraining() { h.draining.Store(true) }

// ErrHung is the cause of a component's failure when its check has not returned within the timeout.
var ErrHung = errors.New("health: the check has not returned")

var errStopped = errors.New("health: stopped")

// Stop ends the checks that are under way and waits for them until ctx ends, whose cause it returns then. Readiness
// fails from here on. It may be called twice.
func (h *Health) Stop(ctx context.Context) error {
	h.SetDraining()
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin claims a place for a check's goroutine among those that Stop waits for.
func (h *Health) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.stopped {
		h.running.Add(1)
	}
	return !h.stopped
}

// snapshot is the list of checks as it is now.
func (h *Health) snapshot() []*check {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.checks[:len(h.checks):len(h.checks)]
}
