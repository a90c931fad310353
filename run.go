package plimsoll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
)

// The exit codes of a service. 2 is Go's own, for a panic.
const (
	ExitDrained       = 0  // it ended as it should
	ExitFailed        = 1  // it could not start or go on
	ExitLost          = 3  // work was lost in the drain
	ExitMisconfigured = 78 // the environment is wrong; EX_CONFIG of sysexits.h
)

// Option changes how Run and Wrap run a service, not what it promises.
type Option func(*options)

type options struct {
	environ  []string
	output   io.Writer
	onListen func(public, admin net.Addr)
	onNew    func(*Service)
}

// Environ replaces the process's environment, as "NAME=value".
func Environ(environ ...string) Option { return func(o *options) { o.environ = environ } }

// Output replaces standard output for the service's log.
func Output(w io.Writer) Option { return func(o *options) { o.output = w } }

// OnListen is called once both listeners accept connections and the service is
// ready, with their addresses; ports of 0 have become real ones.
func OnListen(f func(public, admin net.Addr)) Option { return func(o *options) { o.onListen = f } }

// Main runs a service for the life of the process and exits with one of the
// exit codes above. C is the service's configuration: a struct whose fields
// carry env, default and help tags (package config). SIGTERM and SIGINT begin
// the drain; a second one ends the process at once.
//
// The service answers -help with every variable it reads, and -version.
func Main[C any](name string, setup func(context.Context, *Service, C) error) {
	if code, done := arguments[C](name, os.Args[1:], os.Stdout, os.Stderr); done {
		os.Exit(code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var running *Service
	made := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE) // a log reader that goes away is counted, and does not take the service with it
	go func() {
		<-signals
		cancel()
		<-signals
		code := ExitLost
		select {
		case <-made:
			if running.drain.active.Load() == 0 {
				code = ExitFailed
			}
		default:
			code = ExitFailed
		}
		fmt.Fprintf(os.Stderr, "%s: second signal: ended before the drain was over\n", name)
		os.Exit(code)
	}()
	err := Run(ctx, name, setup, func(o *options) {
		o.onNew = func(s *Service) { running = s; close(made) }
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	os.Exit(ExitCode(err))
}

// arguments handles the few arguments a service takes: everything else comes
// from the environment.
func arguments[C any](name string, args []string, stdout, stderr io.Writer) (code int, done bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case "-help", "--help", "-h", "help":
		var c C
		var set settings
		config.Help(stdout, name, &c, &set)
		return ExitDrained, true
	case "-version", "--version":
		fmt.Fprintf(stdout, "%s %s (plimsoll %s)\n", name, buildVersion(), frameworkVersion())
		return ExitDrained, true
	default:
		fmt.Fprintf(stderr, "%s: unknown argument %q: a service is configured by its environment; %s -help lists the variables\n", name, args[0], name)
		return ExitMisconfigured, true
	}
}

// Run is Main for tests and for programs with a main of their own: the same
// life, ended by ctx instead of a signal, and the outcome returned instead of
// an exit. The error is nil after a drain that lost nothing, a *config.Error
// when the environment is wrong, a *LostError when work was lost; ExitCode
// tells them apart.
func Run[C any](ctx context.Context, name string, setup func(context.Context, *Service, C) error, opts ...Option) error {
	o := newOptions(opts)
	var c C
	var set settings
	if err := config.Load(o.processEnviron(), &c, &set); err != nil {
		return err
	}
	s, err := newService(name, set, o)
	if err != nil {
		return err
	}
	s.describe(&c, &set)
	if o.onNew != nil {
		o.onNew(s)
	}
	returned, err := setUp(ctx, set.Drain, func() error { return setup(ctx, s, c) })
	switch {
	case !returned: // it may still add components, so none is stopped
		err = fmt.Errorf("set up: had not returned %v (PLIMSOLL_DRAIN) after it was told to end", set.Drain)
		return s.flush(err)
	case err != nil && errors.Is(err, ctx.Err()): // as it was told
		return s.Serve(ctx)
	case err != nil:
		return s.abandon(fmt.Errorf("set up: %w", err))
	}
	return s.Serve(ctx)
}

// setUp runs setup. Once ctx has ended it is not waited for longer than the limit:
// nothing is served yet that could be lost.
func setUp(ctx context.Context, limit time.Duration, setup func() error) (returned bool, err error) {
	done := make(chan struct{})
	outcome := errors.New("setup ended its goroutine")
	go func() {
		defer close(done)
		outcome = setup()
	}()
	select {
	case <-done:
		return true, outcome
	case <-ctx.Done():
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-done:
		return true, outcome
	case <-late.C:
		return false, nil
	}
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// ExitCode is the exit code that Main gives the outcome of Run.
func ExitCode(err error) int {
	var misconfigured *config.Error
	var lost *LostError
	switch {
	case err == nil:
		return ExitDrained
	case errors.As(err, &misconfigured):
		return ExitMisconfigured
	case errors.As(err, &lost):
		return ExitLost
	default:
		return ExitFailed
	}
}

// abandon ends a service that will not serve: what setup opened is closed, what
// was logged is written.
func (s *Service) abandon(cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.settings.Drain)
	defer cancel()
	for _, failed := range s.stopComponents(ctx) {
		cause = errors.Join(cause, errors.New(failed))
	}
	return s.flush(cause)
}

// flush writes what was logged, of a service that did not serve.
func (s *Service) flush(cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.settings.Drain)
	defer cancel()
	return errors.Join(cause, s.telemetry.Shutdown(ctx))
}
