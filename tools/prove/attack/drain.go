package attack

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"errors"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

const (
	// freshShare of the requests open a connection of their own: a router's new connections, and clients without one.
	freshShare = 0.1

	// blindStop is when a router that can't ask for readiness stops sending after the signal.
	blindStop = time.Second

	// listenerLook is the time between two looks at whether the listener is still there.
	listenerLook = 20 * time.Millisecond

	// drainPatience is how long an answer is waited for.
	drainPatience = 10 * time.Second

	lostKept = 5 // lost requests that are kept with their transcripts
)

// drain ends processes under load.
func (s *Session) drain(ctx context.Context) error {
	if !s.wants("drain") {
		return nil
	}
	rounds := s.Policy().Plan.DrainRounds
	for round := 1; round <= rounds || round <= 2*rounds && s.undecided("drain"); round++ {
		s.opt.Say("SIGTERM under load")
		in, err := s.spare(ctx, "drain", shape{}, "drain")
		if in == nil {
			return err
		}
		err = s.drainOnce(ctx, in, round)
		in.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// ending is one drain as it goes on.
type ending struct {
	session *Session
	in      *instance
	policy  policy.Policy
	open    atomic.Bool   // the router sends
	signal  time.Duration // since the epoch
	record  run.Drain
}

func (s *Session) drainOnce(ctx context.Context, in *instance, round int) error {
	p := s.Policy()
	op := s.spec.Operations[0]
	mix, err := in.mix(ctx, op)
	if err != nil {
		s.skip(ctx, "drain", check.ToolFailed, "%v", err)
		return ctx.Err()
	}
	e := &ending{session: s, in: in, policy: p, record: run.Drain{
		Round: round, Operation: op.Name, Connections: connections(p.Plan), Rate: p.Plan.DrainRate,
		ReadyOff: run.NoTime, Closed: run.NoTime, Stopped: run.NoTime,
	}}
	e.open.Store(true)
	live := new(load.Live)
	began := s.meter.now()
	traffic, halt := context.WithCancel(ctx)
	defer halt()
	type outcome struct {
		result *load.Result
		err    error
	}
	finished := make(chan outcome, 1)
	go func() {
		result, err := load.Run(traffic, e.plan(mix, live))
		finished <- outcome{result, err}
	}()
	pause(ctx, p.Plan.DrainTraffic)
	e.terminate(ctx)
	for live.InFlight() > 0 && ctx.Err() == nil && s.meter.now()-e.signal < watchFor(p.Exit)+drainPatience {
		pause(ctx, listenerLook)
	}
	halt()
	o := <-finished
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if o.result == nil {
		s.skip(ctx, "drain", check.ToolFailed, "%v", o.err)
		return nil
	}
	e.count(o.result)
	e.record.Noise = s.meter.noise(began, s.meter.now())
	e.record.Output = in.output(8)
	s.add(ctx, e.record)
	return nil
}

// usedEvery is how often each kept-alive connection is used at least. One that rests for longer may be closed because it
// rests, which says nothing about the drain.
const usedEvery = 250 * time.Millisecond

// connections are as many as the plan says and the rate keeps in use.
func connections(p policy.Plan) int {
	return max(1, min(p.DrainConnections, int(p.DrainRate*usedEvery.Seconds())))
}

// plan is the router's traffic: kept-alive connections in turn, which finds every one that a service closes.
func (e *ending) plan(mix []load.Request, live *load.Live) load.Plan {
	plan := e.policy.Plan
	return load.Plan{
		Target: e.in.addr, Mix: mix, Rate: plan.DrainRate, Conns: connections(plan), Reuse: load.RoundRobin,
		Duration: plan.DrainTraffic + watchFor(e.policy.Exit) + drainPatience, Deadline: drainPatience,
		Fresh: freshShare, Blind: plan.RouterBlind, Gate: e.open.Load, Live: live,
		Seed: uint64(e.session.opt.Seed)<<16 + uint64(e.record.Round),
	}
}

// terminate sends SIGTERM and watches readiness, the listener and the process until it has ended.
func (e *ending) terminate(ctx context.Context) {
	s := e.session
	watching, stop := context.WithCancel(ctx)
	defer stop()
	e.signal = s.meter.now()
	if err := e.in.process.Signal(syscall.SIGTERM); err != nil {
		e.record.Exited = true // it was gone before: the traffic tells what that cost
	}
	listener := make(chan struct{})
	go func() {
		defer close(listener)
		e.watchListener(watching)
	}()
	router := make(chan struct{})
	go func() {
		defer close(router)
		e.route(watching)
	}()
	timer := time.NewTimer(watchFor(e.policy.Exit))
	defer timer.Stop()
	select {
	case <-e.in.process.Exited():
		e.record.Exited = true
	case <-timer.C:
	case <-ctx.Done():
	}
	e.record.Exit = s.meter.now() - e.signal
	if e.record.Exited {
		if exit, err := e.in.process.Wait(ctx); err == nil {
			e.record.Code, e.record.Exit = exit.Code, exit.At-e.signal
		}
	}
	<-router
	stop()
	<-listener
}

// route is the router: it polls readiness and stops sending a moment after the first refusal. Without a readiness path
// it stops when the platform would have told it; one that is never refused stops when the process has ended.
func (e *ending) route(ctx context.Context) {
	s, plan := e.session, e.policy.Plan
	path, before := s.spec.Health.Ready, time.Duration(0)
	if path == "" {
		pause(ctx, blindStop)
	}
	for path != "" && ctx.Err() == nil {
		look := s.look(ctx, e.in.healthAddr(), path, plan.RouterPoll*10)
		look.At -= e.signal
		e.record.Gap = max(e.record.Gap, look.At+look.Took-before)
		before = look.At
		e.record.Ready = append(e.record.Ready, look)
		if look.Status != 200 {
			e.record.ReadyOff, e.record.ReadySaid = look.At+look.Took, look.Status
			pause(ctx, plan.RouterLag)
			break
		}
		if s.meter.now()-e.signal > watchFor(e.policy.ReadyOff)+beyond {
			break
		}
		pause(ctx, plan.RouterPoll)
	}
	e.open.Store(false)
	e.record.Stopped = s.meter.now() - e.signal
}

// watchListener notices when connections are refused.
func (e *ending) watchListener(ctx context.Context) {
	var dialer net.Dialer
	for ; ctx.Err() == nil; pause(ctx, listenerLook) {
		nc, err := dialer.DialContext(ctx, "tcp", e.in.addr)
		if err == nil {
			_ = nc.Close() // it was only a look
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			e.record.Closed = e.session.meter.now() - e.signal
			return
		}
	}
}

// count sorts the requests by what became of them.
func (e *ending) count(result *load.Result) {
	r := &e.record
	offset := result.Began.Sub(e.session.epoch) - e.signal
	for i := range result.Rows {
		row := &result.Rows[i]
		exposed := row.Written > 0 && row.Last+offset > 0
		if exposed {
			r.Exposed++
		}
		switch o := row.Outcome; {
		case o.Answered():
			r.Answered++
			if exposed && row.Status >= 500 {
				r.Failed++
			}
		case o.Lost() && exposed, o == load.Timeout && exposed:
			e.lose(result, i, offset)
		case o == load.Refused:
			r.Refused++
			if row.Intended+offset <= e.soon() {
				r.RefusedSoon++
			}
		case o == load.Withheld:
		case exposed:
			r.Unclear++
		}
	}
}

// soon is the time after the signal in which not even a punctual router knows: what is lost by then is lost for certain.
func (e *ending) soon() time.Duration { return e.policy.Plan.RouterPoll + e.policy.Plan.RouterLag }

// lose counts a lost request and keeps the first few with what went over the wire.
func (e *ending) lose(result *load.Result, i int, offset time.Duration) {
	row := &result.Rows[i]
	e.record.LostCount++
	if row.Written+offset <= e.soon() {
		e.record.LostSoon++
	}
	if len(e.record.Lost) >= lostKept {
		return
	}
	lost := run.Lost{At: row.Written + offset, How: row.Outcome.String()}
	if row.Has(load.Stale) {
		lost.How = "the service had closed the kept-alive connection, and the router could not know yet"
	}
	for _, incident := range result.Incidents {
		if incident.Row == i {
			lost.Local = incident.Local
			lost.Transcript = []string{
				"sent      " + clip(incident.Request), "received  " + clip(incident.Received), "ended by  " + incident.Error,
				row.String(),
			}
		}
	}
	e.record.Lost = append(e.record.Lost, lost)
}

func clip(text string) string {
	if text == "" {
		return "nothing"
	}
	return strings.TrimSpace(text[:min(len(text), 300)])
}
