package attack

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// beyond is how much longer than its limit and slack an attack that waits goes on, so that what comes late is seen late
// and not taken for what never comes.
const beyond = time.Second

// waitForSlow starts the attacks that wait, on one process that does nothing else, and lets them go on. Each is repeated
// alone if its check asks for that.
func (s *Session) waitForSlow(ctx context.Context) error {
	ids := []string{"slow-header", "slow-body", "idle"}
	if !s.wants(ids...) {
		return nil
	}
	in, err := s.spare(ctx, "wait", shape{}, ids...)
	if in == nil {
		return err
	}
	s.opt.Say("slow headers, slow bodies and idle connections begin, and go on beside the rest")
	var lanes sync.WaitGroup
	if s.wants("slow-header") {
		lanes.Go(func() { s.repeated(ctx, "slow-header", func(round int) { s.slowHeader(ctx, in, round) }) })
	}
	if s.wants("slow-body") {
		lanes.Go(func() { s.repeated(ctx, "slow-body", func(round int) { s.slowBody(ctx, in, round) }) })
	}
	if s.wants("idle") {
		lanes.Go(func() { s.repeated(ctx, "idle", func(round int) { s.idle(ctx, in, round) }) })
	}
	s.waits.Go(func() {
		lanes.Wait()
		in.stop()
	})
	return nil
}

// mostRounds of one experiment: one that failed, its repetition, and one more in case the machine was too busy for
// either.
const mostRounds = 3

// repeated makes a round, and more for as long as the check asks for them.
func (s *Session) repeated(ctx context.Context, id string, round func(int)) {
	round(1)
	for n := 2; n <= mostRounds && ctx.Err() == nil && s.undecided(id); n++ {
		round(n)
	}
	s.done(ctx, id)
}

// watchFor is how long a connection is watched that must be given up within a limit.
func watchFor(limit policy.Time) time.Duration { return limit.Value + limit.Slack() + beyond }

// hold opens the plan's number of connections at once and holds each as the attack says.
func (s *Session) hold(ctx context.Context, in *instance, attack string, round int, watched time.Duration, one func(context.Context, *wire.Conn) run.Wait) {
	s.mu.Lock()
	n := s.policy.Plan.Connections
	s.mu.Unlock()
	began := s.meter.now()
	record := run.Waits{Attack: attack, Round: round, Watched: watched, Conns: make([]run.Wait, n)}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			c, err := wire.Dial(ctx, in.addr, wire.Options{})
			if err != nil {
				record.Conns[i].Problem = err.Error()
				return
			}
			defer c.Close()
			record.Conns[i] = one(ctx, c)
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return
	}
	record.Noise = s.meter.noise(began, s.meter.now())
	record.Alive = in.alive(ctx)
	s.add(ctx, record)
}

func (s *Session) slowHeader(ctx context.Context, in *instance, round int) {
	watched := watchFor(s.Policy().Header)
	path := s.spec.Operations[0].Request.Path
	if strings.Contains(path, "{{") {
		path = "/"
	}
	head := wire.NewRequest("GET", path).Header("Host", in.addr).Raw("X-Slow: ")
	s.hold(ctx, in, run.SlowHeader, round, watched, func(ctx context.Context, c *wire.Conn) run.Wait {
		return s.drip(ctx, c, head.Bytes(), "a", watched)
	})
}

func (s *Session) slowBody(ctx context.Context, in *instance, round int) {
	op, ok := bodied(s.spec)
	if !ok {
		s.skip(ctx, "slow-body", check.NoBody, "no operation has a body")
		return
	}
	a, err := in.request(ctx, op)
	if err != nil {
		s.skip(ctx, "slow-body", check.ToolFailed, "%v", err)
		return
	}
	watched := watchFor(s.Policy().Body)
	// Spaces before a JSON value are part of it and say nothing yet: no decoder can refuse them early. The length is a
	// little more than what the watch has time for, so that no limit is met.
	length := len(a.body) + int(2*watched/s.Policy().Plan.Drip)
	head := a.head(in.addr).Header("Content-Length", fmt.Sprint(length)).End()
	s.hold(ctx, in, run.SlowBody, round, watched, func(ctx context.Context, c *wire.Conn) run.Wait {
		return s.drip(ctx, c, head.Bytes(), " ", watched)
	})
}

// bodied is the first operation that has a body.
func bodied(described *spec.Service) (spec.Operation, bool) {
	for _, op := range described.Operations {
		if op.Request.Body != "" {
			return op, true
		}
	}
	return spec.Operation{}, false
}

// drip sends the beginning of a request at once and then a byte at a time, for as long as it is watched or let.
func (s *Session) drip(ctx context.Context, c *wire.Conn, begin []byte, with string, watched time.Duration) run.Wait {
	ctx, cancel := context.WithTimeout(ctx, watched)
	defer cancel()
	started := c.Now()
	if err := c.Send(ctx, begin); err != nil {
		return run.Wait{Problem: err.Error()}
	}
	sent, _ := c.Drip(ctx, wire.Drip{Data: []byte(with), Every: s.Policy().Plan.Drip, Loop: true}) // its end is read off the connection
	w := run.Wait{Sent: int64(len(begin)) + sent}
	response, _ := c.Response(ctx) // as above
	if response.Complete {
		w.Status, w.Answered = response.Status, response.Last-started
	}
	s.closed(ctx, c, &w, started)
	return w
}

// closed waits for the end of a connection and records it.
func (s *Session) closed(ctx context.Context, c *wire.Conn, w *run.Wait, since time.Duration) {
	end := c.AwaitClose(ctx)
	if end.Kind == wire.FIN || end.Kind == wire.RST || end.Kind == wire.TimedOut {
		w.Closed, w.After = strings.ToUpper(end.Kind.String()), end.At-since
	}
	w.Transcript = transcript(c)
}

// transcript is what went over a connection, in lines.
func transcript(c *wire.Conn) []string {
	return strings.Split(strings.TrimRight(c.Transcript().String(), "\n"), "\n")
}

// idle makes one whole request on each connection and then says nothing.
func (s *Session) idle(ctx context.Context, in *instance, round int) {
	p := s.Policy()
	watched := min(watchFor(p.IdleMax), p.Plan.IdleWatch)
	op := s.quietest()
	var closes atomic.Bool
	s.hold(ctx, in, run.Idle, round, watched, func(ctx context.Context, c *wire.Conn) run.Wait {
		a, err := in.request(ctx, op)
		if err != nil {
			return run.Wait{Problem: err.Error()}
		}
		bounded, cancel := context.WithTimeout(ctx, ordinary)
		defer cancel()
		if err := c.Send(bounded, a.whole(in.addr).Bytes()); err != nil {
			return run.Wait{Problem: err.Error()}
		}
		response, err := c.Response(bounded)
		if err != nil {
			return run.Wait{Problem: err.Error()}
		}
		if !response.KeepAlive {
			closes.Store(true)
			return run.Wait{Problem: fmt.Sprintf("the answer (%d) closes the connection", response.Status)}
		}
		silent, stop := context.WithTimeout(ctx, watched)
		defer stop()
		w := run.Wait{Sent: int64(len(a.whole(in.addr).Bytes()))}
		s.closed(silent, c, &w, response.Last)
		return w
	})
	if closes.Load() {
		s.skip(ctx, "idle", check.NoKeepAlive, "the service says that it closes after each answer: no connection is ever idle")
	}
}

// quietest is an operation that calls no dependency, or else the first.
func (s *Session) quietest() spec.Operation {
	for _, op := range s.spec.Operations {
		if len(op.Deps) == 0 {
			return op
		}
	}
	return s.spec.Operations[0]
}
