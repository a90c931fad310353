package launch

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Signal sends a signal to the service's main process, as a container's runtime
// does. It has been sent when Signal returns. ErrExited: there was no one to
// send it to.
func (p *Process) Signal(s syscall.Signal) error { return p.send(order{Signal: int(s)}) }

// SignalGroup sends a signal to every process that is still in the service's
// group, as a terminal's ^C does. ErrExited: the main process has ended.
func (p *Process) SignalGroup(s syscall.Signal) error {
	return p.send(order{Signal: int(s), Group: true})
}

// send gives an order and waits for its answer.
func (p *Process) send(o order) error {
	answer := make(chan string, 1)
	p.mu.Lock()
	p.last++
	o.ID = p.last
	p.answers[o.ID] = answer
	err := p.encoder.Encode(o)
	p.mu.Unlock()
	if err != nil {
		return ErrExited
	}
	select {
	case text := <-answer:
		switch text {
		case "":
			return nil
		case ErrExited.Error():
			return ErrExited
		}
		return fmt.Errorf("signal service: %s", text)
	case <-p.done:
		return ErrExited
	case <-time.After(ending):
		return fmt.Errorf("signal service: the guard (pid %d) did not answer within %v; is it stopped?", p.guard.Process.Pid, ending)
	}
}

// Kill ends every process of the service at once, by SIGKILL, and returns
// without waiting for it.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.encoder.Encode(order{End: true}) // fails only when the guard has ended, after the group
}

// Exited is closed when the main process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Done is closed when no process of the service is left and all of its output
// has been read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until no process of the service is left, and returns how the main
// process ended; or the context's cause when that ends first.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.done:
		return p.exit, nil
	case <-ctx.Done():
		return Exit{}, fmt.Errorf("wait for service: %w", context.Cause(ctx))
	}
}

// Stop ends the service: by SIGTERM, and by SIGKILL for everything that is left
// after the grace; 0 is SIGKILL at once. It returns when no process is left. An
// error means that the kernel did not end one that was killed. Stopping twice
// is legal.
func (p *Process) Stop(grace time.Duration) (Exit, error) {
	if grace > 0 && p.Signal(syscall.SIGTERM) == nil {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-p.done:
		case <-timer.C:
		}
	}
	select {
	case <-p.done:
		return p.exit, nil
	default:
		p.Kill()
	}
	bound := time.NewTimer(ending)
	defer bound.Stop()
	select {
	case <-p.done:
		return p.exit, nil
	case <-bound.C:
		return Exit{}, errors.Join(fmt.Errorf("stop service: killed %v ago, and still there", ending), p.survivors())
	}
}
