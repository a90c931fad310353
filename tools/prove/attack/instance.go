package attack

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// NotReadyError says that the service could not be attacked because it never became ready.
type NotReadyError struct{ Err error }

func (e *NotReadyError) Error() string { return e.Err.Error() }

// Unwrap is what launch found.
func (e *NotReadyError) Unwrap() error { return e.Err }

// readyWithin is how long a service may take to become ready.
const readyWithin = 30 * time.Second

// instance is one process of the service with dependencies, ports and a folder of its own.
type instance struct {
	session *Session
	name    string
	process *launch.Process
	addr    string // host:port of the service
	admin   string // host:port of its second listener; "": none
	sinks   []*dependency
	dir     string
}

// dependency is one that the prover plays.
type dependency struct {
	spec.Dependency
	sink *fault.Sink
}

// shape is how a process differs from the ordinary.
type shape struct {
	capacity fault.Capacity    // of every dependency; zero: no limit
	without  string            // this variable is missing
	with     map[string]string // these are replaced
}

// build runs the service's build command.
func (s *Session) build(ctx context.Context) error {
	if s.spec.Build == "" {
		return nil
	}
	s.opt.Say("build: " + s.spec.Build)
	err := launch.Build(ctx, launch.Spec{
		Build: []string{"/bin/sh", "-c", s.spec.Build}, Run: []string{"true"}, Dir: s.opt.Dir, Guard: s.opt.Guard,
	})
	if err != nil {
		return &NotReadyError{Err: err}
	}
	return nil
}

// start runs a process of the service and does not wait for it.
func (s *Session) start(ctx context.Context, name string, sh shape) (*instance, error) {
	in := &instance{session: s, name: name}
	if err := in.prepare(sh); err != nil {
		in.stop()
		return nil, err
	}
	launchSpec, err := in.launchSpec(sh)
	if err == nil {
		in.process, err = launch.Start(ctx, launchSpec)
	}
	if err != nil {
		in.stop()
		return nil, err
	}
	s.mu.Lock()
	s.instances[in] = true
	s.mu.Unlock()
	return in, nil
}

// prepare makes the folder, the ports and the dependencies.
func (in *instance) prepare(sh shape) error {
	s := in.session
	dir, err := s.tmp(in.name)
	if err != nil {
		return err
	}
	in.dir = dir
	ports, err := launch.FreePorts(2)
	if err != nil {
		return err
	}
	in.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	if s.spec.Admin != nil {
		in.admin = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[1]))
	}
	for _, described := range s.spec.Deps {
		sink, err := fault.Open(fault.Config{
			Epoch: s.epoch, Seed: uint64(s.opt.Seed), Capacity: sh.capacity, Script: script(described), BodyBytes: -1, Keep: s.budgetNames(),
		})
		if err != nil {
			return err
		}
		in.sinks = append(in.sinks, &dependency{Dependency: described, sink: sink})
	}
	return nil
}

// launchSpec is how the process is run.
func (in *instance) launchSpec(sh shape) (launch.Spec, error) {
	described := in.session.spec
	values := spec.Values{"port": portOf(in.addr), "tmp": in.dir}
	if in.admin != "" {
		values["admin_port"] = portOf(in.admin)
	}
	env := maps.Clone(described.Env)
	if env == nil {
		env = make(map[string]string)
	}
	env[described.Listen.Env] = described.Listen.Value
	if described.Admin != nil {
		env[described.Admin.Env] = described.Admin.Value
	}
	var faults []error
	expand := func(text string, values spec.Values) string {
		out, err := spec.Expand(text, values, nil)
		faults = append(faults, err)
		return out
	}
	for name, value := range env {
		env[name] = expand(value, values)
	}
	for _, dep := range in.sinks {
		env[dep.Env] = expand(dep.Value, spec.Values{"url": dep.sink.URL()})
	}
	maps.Copy(env, sh.with)
	if sh.without != "" {
		delete(env, sh.without)
	}
	var command []string
	for _, arg := range described.Run {
		command = append(command, expand(arg, values))
	}
	return launch.Spec{
		Run: command, Dir: in.session.opt.Dir, Env: env, Epoch: in.session.epoch, Guard: in.session.opt.Guard,
	}, errors.Join(faults...)
}

// launch starts a process, waits until it is ready, and records that.
func (s *Session) launch(ctx context.Context, name string, sh shape) (*instance, error) {
	began := time.Since(s.epoch)
	in, err := s.ready(ctx, name, sh)
	if err == nil && !in.listens() { // the port was free a moment ago; someone else may have been quicker
		in.stop()
		in, err = s.ready(ctx, name, sh)
	}
	if ctx.Err() != nil {
		if in != nil {
			in.stop()
		}
		return nil, ErrInterrupted
	}
	record := run.Launch{Instance: name, Ready: err == nil, After: time.Since(s.epoch) - began}
	if err != nil {
		record.Problem = err.Error()
		if in != nil {
			record.Output = in.output(20)
			in.stop()
		}
		s.add(ctx, record)
		return nil, &NotReadyError{Err: err}
	}
	s.add(ctx, record)
	return in, nil
}

// ready starts a process and waits until it is ready. The instance is nil when it could not even be started.
func (s *Session) ready(ctx context.Context, name string, sh shape) (*instance, error) {
	in, err := s.start(ctx, name, sh)
	if err != nil {
		return nil, err
	}
	_, err = in.process.Ready(ctx, in.probe())
	return in, err
}

// listens reports whether the process itself, or one of its children, has the port. Where that can't be seen it is
// believed; so is a second process that still does not have it, whose work is done by someone else's children.
func (in *instance) listens() bool {
	sockets, err := in.process.Sockets()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(sockets.Listening, func(addr netip.AddrPort) bool { return strconv.Itoa(int(addr.Port())) == portOf(in.addr) })
}

// spare starts a process for one experiment. When that fails the experiment's checks are told so; an interruption is the
// only error.
func (s *Session) spare(ctx context.Context, name string, sh shape, checks ...string) (*instance, error) {
	in, err := s.launch(ctx, name, sh)
	if err == nil || ctx.Err() != nil {
		return in, err
	}
	for _, id := range checks {
		s.skip(ctx, id, check.NotReady, "a process for this never became ready: %s", firstLine(err.Error()))
	}
	return nil, nil
}

// probe is what says that the service is ready.
func (in *instance) probe() launch.Probe {
	health := in.session.spec.Health
	if health.Ready == "" {
		return launch.Probe{Addr: in.addr, Within: readyWithin}
	}
	return launch.Probe{Addr: in.healthAddr(), Path: health.Ready, Within: readyWithin}
}

// healthAddr is where the service tells how it is.
func (in *instance) healthAddr() string {
	if in.session.spec.Health.Port == "admin" {
		return in.admin
	}
	return in.addr
}

// stop ends the process and everything that was made for it. Stopping twice is legal.
func (in *instance) stop() {
	if in.process != nil {
		if exit, err := in.process.Stop(0); err != nil {
			in.session.fail(err)
		} else {
			in.session.forget(in, exit.CPU)
		}
	}
	for _, dep := range in.sinks {
		_ = dep.sink.Close() // it only waits for its own goroutines
	}
	if in.dir != "" {
		_ = os.RemoveAll(in.dir) // a file of the service that can't be removed is no fault of the run
	}
}

// forget takes an instance out of the list and keeps its processor time.
func (s *Session) forget(in *instance, cpu time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instances[in] {
		delete(s.instances, in)
		s.spent += cpu
	}
}

// stopAll ends what still runs.
func (s *Session) stopAll() {
	s.mu.Lock()
	var left []*instance
	for in := range s.instances {
		left = append(left, in)
	}
	s.mu.Unlock()
	for _, in := range left {
		in.stop()
	}
}

// processorTime is that of all processes of the service so far.
func (s *Session) processorTime() usage {
	s.mu.Lock()
	total := usage{cpu: s.spent}
	var running []*instance
	for in := range s.instances {
		running = append(running, in)
	}
	s.mu.Unlock()
	for _, in := range running {
		if sample, err := in.process.Sample(); err == nil {
			total.cpu += sample.CPU
			total.waited += sample.Waited
		}
	}
	return total
}

// output is the last lines that the process wrote.
func (in *instance) output(n int) []string {
	var lines []string
	for _, line := range in.process.Tail(n) {
		lines = append(lines, line.Text)
	}
	return lines
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// script answers as plimsoll.yaml says, and 404 to what it doesn't say.
func script(dep spec.Dependency) fault.Script {
	var routes []fault.Route
	for _, response := range dep.Respond {
		routes = append(routes, fault.Route{Method: response.Method, Path: response.Path, Then: fault.Always(behaviour(response))})
	}
	if len(routes) == 0 {
		return nil
	}
	return fault.Routes(routes, fault.Always(fault.Status(404)))
}

func firstLine(text string) string {
	for i, r := range text {
		if r == '\n' {
			return text[:i]
		}
	}
	return text
}
