package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// Options say what is attacked and how it is told.
type Options struct {
	Dir     string        // the service's folder
	Service *spec.Service // what is in it
	Only    []string      // ids of checks; none: all
	Seed    int64         // of everything that is drawn
	File    string        // the run file to write
	Tool    string        // the version of this tool, for the run file

	// IdleWatch is how long idle connections are waited for. 0: what the service's attack plan says.
	IdleWatch time.Duration

	// Guard is the command that guards the service, see launch.Spec. Nil: this program.
	Guard []string

	// Say is told what begins. It may be called from several goroutines. Nil: nobody listens.
	Say func(string)
}

// ErrInterrupted is returned when the context ended before the run did. What was seen until then is in the run file.
var ErrInterrupted = errors.New("the run was interrupted")

// Session is one run. It is opened, attacks, and is finished; Close may be called at any time and then ends it as it is.
type Session struct {
	opt      Options
	spec     *spec.Service
	epoch    time.Time
	cancel   context.CancelCauseFunc
	writer   *run.Writer
	meter    *meter
	waits    sync.WaitGroup // experiments that go on beside the others
	metering sync.WaitGroup // the meter
	seq      sequence
	ports    sync.Mutex // held while the ports of dependencies are closed

	mu        sync.Mutex
	policy    policy.Policy
	artifacts run.Artifacts
	instances map[*instance]bool
	spent     time.Duration // processor time of services that have ended
	failed    error         // the first fault of the tool itself
}

// Open builds the service and creates the run file. The context ends everything that the session does.
func Open(ctx context.Context, opt Options) (*Session, error) {
	if opt.Say == nil {
		opt.Say = func(string) {}
	}
	s := &Session{opt: opt, spec: opt.Service, epoch: time.Now(), instances: make(map[*instance]bool), policy: opt.Service.Policy()}
	if opt.IdleWatch > 0 {
		s.policy.Plan.IdleWatch = opt.IdleWatch
	}
	header := run.Header{
		Tool: opt.Tool, Started: s.epoch, Dir: opt.Dir, Service: s.spec.Name, Stack: stackOf(opt.Dir), Seed: opt.Seed, Only: opt.Only,
		Host: run.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
	}
	described, err := s.spec.Encode()
	if err != nil {
		return nil, fmt.Errorf("describe service: %w", err)
	}
	if err := s.build(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		return nil, err
	}
	writer, err := run.Create(opt.File, header)
	if err != nil {
		return nil, err
	}
	s.writer, s.artifacts.Header = writer, header
	s.add(ctx, run.Described{Spec: described})
	return s, nil
}

// Attack runs every experiment and returns when the last that has to run alone is over. Those that only wait may go on
// until Finish. A *NotReadyError says that the service could not be attacked at all.
func (s *Session) Attack(ctx context.Context) error {
	ctx, s.cancel = context.WithCancelCause(ctx)
	s.meter = newMeter(s.epoch, s.processorTime)
	s.metering.Go(func() { s.meter.watch(ctx) })
	for _, step := range s.steps() {
		if ctx.Err() != nil {
			return ErrInterrupted
		}
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return ErrInterrupted
			}
			return err
		}
	}
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return s.fault()
}

// steps are the experiments in order: first those that wait, last those that end the process.
func (s *Session) steps() []func(context.Context) error {
	finished := func(experiment func(context.Context) error, ids ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			if err := experiment(ctx); err != nil {
				return err
			}
			s.done(ctx, ids...)
			return nil
		}
	}
	return []func(context.Context) error{
		s.meet, s.waitForSlow,
		finished(s.beside(s.breakConfig, s.hangDependency, s.refuseDependency, s.outages, s.budgets, s.repeats, s.staleConnections),
			"config", "deadline", "cancel", "health", "retry", "breaker", "bulkhead", "recover", "budget", "repeat", "stale"),
		finished(s.offerOversize, "oversize"), finished(s.overload, "overload"), finished(s.drain, "drain"),
	}
}

// beside runs experiments that mostly wait at the same time.
func (s *Session) beside(experiments ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		faults := make([]error, len(experiments))
		var all sync.WaitGroup
		for i, experiment := range experiments {
			all.Go(func() { faults[i] = experiment(ctx) })
		}
		all.Wait()
		return errors.Join(faults...)
	}
}

// Finish waits for what still waits, ends every process, and marks the run as complete, unless it was interrupted.
func (s *Session) Finish(ctx context.Context) error {
	s.waits.Wait()
	s.stopAll()
	err := s.fault()
	if ctx.Err() != nil {
		err = ErrInterrupted
	}
	if err == nil {
		err = s.writer.Finish()
		s.keep(run.End{})
	}
	return errors.Join(err, s.Close())
}

// Close ends every process and goroutine and leaves the run file as it is. Closing twice is legal.
func (s *Session) Close() error {
	if s.cancel != nil {
		s.cancel(errors.New("the session was closed"))
	}
	s.waits.Wait()
	s.metering.Wait()
	s.stopAll()
	return s.writer.Close()
}

// Artifacts is what was recorded so far.
func (s *Session) Artifacts() *run.Artifacts {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.artifacts
	return &a
}

// Policy is what the run is planned and judged by, the service's manifest taken in.
func (s *Session) Policy() policy.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.policy
}

// add records an artifact in the file and in memory. What was seen while the run was being interrupted is left out: it may
// be about the interruption.
func (s *Session) add(ctx context.Context, record run.Record) {
	if ctx.Err() != nil {
		return
	}
	if err := s.writer.Add(record); err != nil && !errors.Is(err, os.ErrClosed) {
		s.fail(err)
	}
	s.keep(record)
}

func (s *Session) keep(record run.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.artifacts.Append(record)
}

// skip records why a check has nothing to judge.
func (s *Session) skip(ctx context.Context, experiment string, reason check.Reason, format string, args ...any) {
	s.add(ctx, run.Skip{Experiment: experiment, Reason: string(reason), Detail: fmt.Sprintf(format, args...)})
}

// wants reports whether a check was asked for.
func (s *Session) wants(ids ...string) bool {
	return len(s.opt.Only) == 0 || slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(s.opt.Only, id) })
}

// finding is what a check says about what was recorded so far.
func (s *Session) finding(id string) check.Finding {
	c, _ := check.Find(id)
	a := s.Artifacts()
	a.Complete = true // as far as this question goes
	return c.Eval(a, s.Policy())
}

// done records that everything that checks need has been tried.
func (s *Session) done(ctx context.Context, ids ...string) {
	for _, id := range ids {
		if s.wants(id) {
			s.add(ctx, run.Done{Check: id})
		}
	}
}

// undecided reports whether another round could decide a check.
func (s *Session) undecided(id string) bool { return check.WantsRepeat(s.finding(id)) }

func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *Session) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// tmp makes a fresh folder for one process.
func (s *Session) tmp(name string) (string, error) {
	dir, err := os.MkdirTemp("", "plimsoll-"+filepath.Base(name)+"-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the service: %w", err)
	}
	return dir, nil
}
