package launch

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ending is how long a process group may take to end once it was killed.
const ending = 10 * time.Second

// Process is a service under a guard. Its methods may be called from any
// goroutine.
type Process struct {
	spec    Spec
	command []string
	mark    string
	guard   *exec.Cmd
	orders  *os.File
	output  *output

	pid     int // of the service's main process
	started time.Duration
	exit    Exit          // set before exited is closed; Left and Lost before done is closed
	exited  chan struct{} // the main process has ended
	done    chan struct{} // no process is left, and all output has been read
	ended   bool          // the guard said that no process is left

	mu      sync.Mutex
	encoder *json.Encoder
	last    int                 // id of the last order that wants an answer
	answers map[int]chan string // who waits for which
}

// Start runs the service. It returns a *PortInUseError when a declared port is
// taken, and a *StartError when the command cannot be run. The caller stops it;
// should the caller's process die, the guard does.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("start service: %w", err)
	}
	if len(spec.Run) == 0 {
		return nil, errors.New("start service: run: no command; name the program and its arguments")
	}
	for _, port := range spec.Ports {
		if err := checkPort(port); err != nil {
			return nil, err
		}
	}
	return spec.start(ctx, spec.Run)
}

// Build runs the build command to its end. It returns a *StartError when it
// cannot be run, a *BuildError when it ends with anything but 0, and the
// context's error when that ends first. Without a command it does nothing.
func Build(ctx context.Context, spec Spec) error {
	if len(spec.Build) == 0 {
		return nil
	}
	if err := spec.Validate(); err != nil {
		return fmt.Errorf("build service: %w", err)
	}
	bound := spec.BuildTimeout
	if bound == 0 {
		bound = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("the build took longer than %v", bound))
	defer cancel()
	p, err := spec.start(ctx, spec.Build, inheritedByBuild[:]...)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		_, err := p.Stop(time.Second)
		return errors.Join(fmt.Errorf("build %s: %w", spec.Build[0], context.Cause(ctx)), err)
	}
	exit, err := p.Stop(0)
	if err == nil && (exit.Code != 0 || exit.Lost) {
		return &BuildError{Command: spec.Build, Exit: exit, Tail: p.Tail(40)}
	}
	return err
}

// start runs one command under a guard.
func (s Spec) start(ctx context.Context, command []string, further ...string) (*Process, error) {
	if s.Epoch.IsZero() {
		s.Epoch = time.Now()
	}
	if os.Getenv(guardVariable) != "" {
		return nil, errors.New("start guard: this program was started as one; its main must call launch.Guard first")
	}
	mark := rand.Text()
	env := s.environ(mark, further...)
	program, err := s.program(command[0], env)
	if err != nil {
		return nil, &StartError{Command: command, Err: err}
	}
	p := &Process{
		spec: s, command: command, mark: mark,
		exited: make(chan struct{}), done: make(chan struct{}),
		answers: make(map[int]chan string),
	}
	p.output = newOutput(s, p.now)
	pipes, err := p.startGuard()
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	reports := json.NewDecoder(pipes.reports)
	err = p.place(reports, pipes.reports, order{Program: program, Args: command, Dir: s.Dir, Env: env, CPUs: s.CPUs})
	go p.supervise(reports, pipes)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_, stopErr := p.Stop(0)
		return nil, &StartError{Command: command, Err: errors.Join(err, stopErr)}
	}
	return p, nil
}

// pipes are the prover's ends of what comes from the guard and the service.
type pipes struct{ reports, stdout, stderr *os.File }

// startGuard starts the guard, with pipes to it and through it.
func (p *Process) startGuard() (pipes, error) {
	var ours, theirs [4]*os.File // orders, reports, stdout, stderr
	closeAll := func(files [4]*os.File) {
		for _, f := range files {
			if f != nil {
				_ = f.Close() // pipes that carry nothing yet
			}
		}
	}
	defer func() { closeAll(theirs) }()
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours)
			return pipes{}, err
		}
		if ours[i], theirs[i] = r, w; i == 0 {
			ours[i], theirs[i] = w, r
		}
	}
	path, args, err := p.spec.guardCommand()
	if err == nil {
		p.guard = &exec.Cmd{
			Path: path, Args: args,
			Env:         []string{guardVariable + "=1", "GOMAXPROCS=1"}, // it mostly sleeps, beside what is measured
			Stdout:      theirs[2],
			Stderr:      theirs[3],
			ExtraFiles:  []*os.File{theirs[0], theirs[1]},
			SysProcAttr: &syscall.SysProcAttr{Setsid: true}, // a terminal's ^C is for the prover, which ends the guard in order
		}
		err = p.guard.Start()
	}
	if err != nil {
		closeAll(ours)
		return pipes{}, err
	}
	p.orders, p.encoder = ours[0], json.NewEncoder(ours[0])
	return pipes{reports: ours[1], stdout: ours[2], stderr: ours[3]}, nil
}

// place gives the first order and waits for what became of it.
func (p *Process) place(reports *json.Decoder, from *os.File, first order) error {
	var r report
	err := p.encoder.Encode(first)
	if err == nil {
		_ = from.SetReadDeadline(time.Now().Add(ending)) // pipes have deadlines
		err = reports.Decode(&r)
		_ = from.SetReadDeadline(time.Time{})
	}
	switch {
	case err != nil: // nothing can have been started by what does not answer
		_ = p.guard.Process.Kill() // it may have ended by itself
		p.ended = true
		return fmt.Errorf("speak to guard: %w; does main call launch.Guard first?", err)
	case r.Started == 0:
		p.ended = true
		return errors.New(r.Failed)
	}
	p.pid, p.started = r.Started, p.now()-r.age(time.Now())
	return nil
}

// supervise follows the guard to its end.
func (p *Process) supervise(reports *json.Decoder, from pipes) {
	var reading sync.WaitGroup
	reading.Go(func() { p.output.drain(Stdout, from.stdout) })
	reading.Go(func() { p.output.drain(Stderr, from.stderr) })
	for {
		var r report
		if reports.Decode(&r) != nil {
			break
		}
		p.hear(r)
	}
	_ = p.guard.Wait() // its exit code is the service's, and known
	if !p.ended {
		p.lost(from)
	}
	reading.Wait() // no one is left who could write
	for _, f := range []io.Closer{from.reports, from.stdout, from.stderr, p.orders} {
		_ = f.Close() // nothing comes any more
	}
	close(p.done)
}

// hear takes one report in.
func (p *Process) hear(r report) {
	switch {
	case r.Exited != nil:
		p.exit = Exit{
			Code: r.Exited.Code, Signal: r.Exited.Signal,
			CPU: time.Duration(r.Exited.CPU), MaxRSS: r.Exited.MaxRSS,
			At: p.now() - r.age(time.Now()),
		}
		close(p.exited)
	case r.Ended:
		p.exit.Left, p.ended = r.Left, true
	case r.ID != 0:
		p.mu.Lock()
		answer := p.answers[r.ID]
		delete(p.answers, r.ID)
		p.mu.Unlock()
		if answer != nil {
			answer <- r.Error
		}
	}
}

// lost ends the service when someone has killed its guard. The main process
// went down with it; what else there is carries the launch's mark.
func (p *Process) lost(from pipes) {
	endMarked(p.mark, p.pid)
	for _, f := range []*os.File{from.stdout, from.stderr} {
		_ = f.SetReadDeadline(time.Now().Add(time.Second)) // should one have escaped that has hidden its mark
	}
	p.exit.Lost = true
	select {
	case <-p.exited:
	default:
		p.exit.Code, p.exit.At = -1, p.now()
		close(p.exited)
	}
}

// guardCommand is how the guard is started.
func (s Spec) guardCommand() (path string, args []string, err error) {
	if len(s.Guard) > 0 {
		return s.Guard[0], s.Guard, nil
	}
	self, err := os.Executable()
	return self, []string{self, GuardArgument}, err
}

// now is the clock of the process: the time since the epoch.
func (p *Process) now() time.Duration { return time.Since(p.spec.Epoch) }

// PID is the service's main process.
func (p *Process) PID() int { return p.pid }

// Started is when the service's program was started, since the epoch.
func (p *Process) Started() time.Duration { return p.started }

// Command is what was run.
func (p *Process) Command() []string { return p.command }

// Tail is the last n lines of output, a last one without an end included.
func (p *Process) Tail(n int) []Line { return p.output.tail(n) }

// Lines is all output that is kept.
func (p *Process) Lines() []Line { return p.output.all() }

// Volume counts all output.
func (p *Process) Volume() Volume { return p.output.count() }
