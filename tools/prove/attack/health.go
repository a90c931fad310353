package attack

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

const (
	// outageLeast is how long a dependency is away at least: a liveness that follows it does not always do so at once.
	outageLeast = 5 * time.Second

	// nudge is the time between two ordinary requests while a dependency is away: readiness may learn from them.
	nudge = 500 * time.Millisecond

	// pollPatience is how long an answer of a health endpoint is waited for, in limits of it.
	pollPatience = 2

	keepBody = 160 // bytes of a health answer
)

// outage is what is done to the dependencies.
type outage struct {
	fault  string
	begin  func([]*dependency) (heal func())
	during func() // goes on meanwhile; nil: nothing
}

// refuse closes the dependencies' ports and watches health.
func (s *Session) refuse(ctx context.Context, in *instance, op spec.Operation) error {
	for round := 1; round <= mostRounds && s.wants("health"); round++ {
		s.opt.Say("a dependency that refuses connections")
		s.ports.Lock()
		s.watchHealth(ctx, in, op, round, outage{fault: run.Refuses, begin: s.refusing})
		s.ports.Unlock()
		if ctx.Err() != nil || !check.HealthWants(s.finding("health"), run.Refuses) {
			break
		}
	}
	return ctx.Err()
}

// refusing closes the dependencies' ports and connections, until the returned function opens them again.
func (s *Session) refusing(deps []*dependency) (heal func()) {
	for _, dep := range deps {
		dep.sink.Refuse(fault.ResetConns)
	}
	return func() {
		for _, dep := range deps {
			if err := dep.sink.Resume(); err != nil {
				s.fail(err)
			}
		}
	}
}

// failing lists the dependencies whose outage readiness should follow, or all when every one is soft.
func (in *instance) failing(op spec.Operation) (deps []*dependency, soft bool) {
	for _, dep := range in.sinks {
		if !dep.Soft {
			deps = append(deps, dep)
		}
	}
	if len(deps) == 0 {
		return in.behind(op), true
	}
	return deps, false
}

// watchHealth looks at live and ready before, during and after an outage.
func (s *Session) watchHealth(ctx context.Context, in *instance, op spec.Operation, round int, o outage) {
	health := s.spec.Health
	if health.Live == "" && health.Ready == "" {
		s.skip(ctx, "health", check.NoHealth, "plimsoll.yaml names no health path")
		if o.during != nil {
			defer o.begin(in.behind(op))()
			o.during()
		}
		return
	}
	deps, soft := in.failing(op)
	record := run.Health{Fault: o.fault, Round: round, Soft: soft, Reached: s.uses(ctx, in, op, deps)}
	for _, dep := range deps {
		record.Deps = append(record.Deps, dep.Name)
	}
	began := s.meter.now()
	polling, stop := context.WithCancel(ctx)
	defer stop()
	live := s.poll(polling, in, health.Live, began)
	ready := s.poll(polling, in, health.Ready, began)
	pause(ctx, 3*s.Policy().Plan.HealthPoll)

	record.Failed = s.meter.now() - began
	heal := o.begin(deps)
	s.outlast(ctx, in, op, ready, soft, o.during)
	record.Healed = s.meter.now() - began
	heal()
	s.awaitReturn(ctx, ready, record.Healed)
	record.Ended = s.meter.now() - began
	stop()
	record.Live, record.Ready = live.wait(), ready.wait()
	if ctx.Err() != nil {
		return
	}
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
}

// uses reports whether an ordinary request reaches the dependencies while they are well, and the service has forgotten the
// outage before.
func (s *Session) uses(ctx context.Context, in *instance, op spec.Operation, deps []*dependency) bool {
	in.awaitWell(ctx, op)
	before := calls(deps)
	_, err := in.do(ctx, op)
	return err == nil && calls(deps) > before
}

// outlast lets the outage go on until it has shown what it can, and sends a request now and then.
func (s *Session) outlast(ctx context.Context, in *instance, op spec.Operation, ready *poller, soft bool, during func()) {
	limit := s.Policy().HealthFlip
	least := min(outageLeast, limit.Value)
	if soft {
		least = limit.Value
	}
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		if during != nil {
			during()
		}
	}()
	var nudges sync.WaitGroup
	started := s.meter.now()
	for last := -nudge; ctx.Err() == nil; pause(ctx, s.Policy().Plan.HealthPoll/4) {
		now := s.meter.now() - started
		if now-last >= nudge {
			last = now
			nudges.Go(func() { in.nudge(ctx, op) })
		}
		if now >= watchFor(limit) || now >= least && (soft || ready.off() || !ready.asks()) {
			break
		}
	}
	<-busy
	nudges.Wait()
}

// nudge makes one request that may fail; what it says is not looked at.
func (in *instance) nudge(ctx context.Context, op spec.Operation) {
	if op.Setup != "" {
		return // its setup would fail too
	}
	a, err := in.request(ctx, op)
	if err != nil {
		return
	}
	_, _ = wire.Do(ctx, in.addr, strings.NewReader(a.whole(in.addr).String()), wire.Wait{Answer: 2 * nudge}, wire.Options{})
}

// awaitReturn waits until readiness is 200 again.
func (s *Session) awaitReturn(ctx context.Context, ready *poller, healed time.Duration) {
	started := s.meter.now()
	for ; ctx.Err() == nil; pause(ctx, s.Policy().Plan.HealthPoll/4) {
		if !ready.asks() || ready.onSince(healed) || s.meter.now()-started > watchFor(s.Policy().HealthFlip) {
			return
		}
	}
}

// poller looks at one health endpoint again and again.
type poller struct {
	path    string
	stopped chan struct{}

	mu    sync.Mutex
	polls []run.Poll
}

// poll starts a poller; times count from began. Without a path it asks nothing.
func (s *Session) poll(ctx context.Context, in *instance, path string, began time.Duration) *poller {
	p := &poller{path: path, stopped: make(chan struct{})}
	if path == "" {
		close(p.stopped)
		return p
	}
	policy := s.Policy()
	go func() {
		defer close(p.stopped)
		for ctx.Err() == nil {
			look := s.look(ctx, in.healthAddr(), path, pollPatience*policy.HealthAnswer.Value)
			if ctx.Err() != nil {
				return
			}
			look.At -= began
			p.take(look)
			pause(ctx, policy.Plan.HealthPoll)
		}
	}()
	return p
}

// look is one poll on a connection of its own, as kubelet makes it. Its time is since the epoch.
func (s *Session) look(ctx context.Context, addr, path string, patience time.Duration) run.Poll {
	poll := run.Poll{At: s.meter.now()}
	request := wire.NewRequest("GET", path).Header("Host", addr).Header("User-Agent", "plimsoll-prove").Header("Connection", "close").End()
	x, err := wire.Do(ctx, addr, strings.NewReader(request.String()), wire.Wait{Answer: patience}, wire.Options{Origin: s.epoch, Timeout: patience})
	poll.Took = s.meter.now() - poll.At
	switch {
	case err != nil:
		poll.Problem = err.Error()
	case !x.Response.Complete:
		poll.Problem = x.Failure
	default:
		poll.Status, poll.Took = x.Response.Status, x.Response.Last-poll.At
		poll.Body = strings.Join(strings.Fields(string(x.Response.Body[:min(len(x.Response.Body), keepBody)])), " ")
	}
	return poll
}

// take keeps a look; the body only when the status is another than before.
func (p *poller) take(look run.Poll) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.polls); n > 0 && p.polls[n-1].Status == look.Status {
		look.Body = ""
	}
	p.polls = append(p.polls, look)
}

func (p *poller) asks() bool { return p.path != "" }

// off reports whether the last look said anything but 200.
func (p *poller) off() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.polls) > 0 && p.polls[len(p.polls)-1].Status != 200
}

// onSince reports whether a look after the moment said 200.
func (p *poller) onSince(at time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.polls)
	return n > 0 && p.polls[n-1].At >= at && p.polls[n-1].Status == 200
}

// wait returns all looks once the poller has stopped.
func (p *poller) wait() []run.Poll {
	<-p.stopped
	return p.polls
}
