package attack

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// hang makes the dependencies hang and watches two things at once: requests that need them, and health. What one of them
// leaves open is repeated without the other.
func (s *Session) hang(ctx context.Context, in *instance, op spec.Operation) error {
	requests, health := s.wants("deadline"), s.wants("health")
	for round := 1; round <= mostRounds && (requests || health); round++ {
		s.opt.Say("a dependency that hangs")
		if round == 1 || !(requests && health) {
			if err := s.hangOnce(ctx, in, op, round, requests, health); err != nil {
				return err
			}
		} else {
			for _, deadline := range []bool{true, false} {
				if err := s.hangOnce(ctx, in, op, round, deadline, !deadline); err != nil {
					return err
				}
			}
		}
		requests, health = requests && s.undecided("deadline"), health && check.HealthWants(s.finding("health"), run.Hangs)
	}
	return nil
}

// hangOnce makes the dependencies hang for requests, for health, or for both.
func (s *Session) hangOnce(ctx context.Context, in *instance, op spec.Operation, round int, requests, health bool) error {
	var during func()
	if requests {
		in.awaitWell(ctx, op) // or a breaker that remembers the round before keeps the requests from hanging
		prepared, err := in.prepareHeld(ctx, op)
		if err != nil {
			return err
		}
		during = func() { s.holdRequests(ctx, in, op, prepared, round) }
	}
	if !health {
		heal := hanging(in.behind(op))
		during()
		heal()
		return ctx.Err()
	}
	s.watchHealth(ctx, in, op, round, outage{fault: run.Hangs, begin: hanging, during: during})
	return ctx.Err()
}

// prepareHeld fills the requests in before the dependencies hang: their setup may need them.
func (in *instance) prepareHeld(ctx context.Context, op spec.Operation) ([]asked, error) {
	prepared := make([]asked, in.session.Policy().Plan.Connections)
	for i := range prepared {
		a, err := in.request(ctx, op)
		if err != nil {
			return nil, err
		}
		prepared[i] = a
	}
	return prepared, nil
}

// holdRequests sends requests whose dependency hangs and times their answers.
func (s *Session) holdRequests(ctx context.Context, in *instance, op spec.Operation, prepared []asked, round int) {
	record := run.Hung{
		Operation: op.Name, Dep: strings.Join(op.Deps, ", "), Round: round, Watched: watchFor(s.Policy().Deadline),
		Tries: make([]run.HungTry, len(prepared)),
	}
	deps := in.behind(op)
	before, began := calls(deps), s.meter.now()
	var all sync.WaitGroup
	for i := range record.Tries {
		all.Go(func() { record.Tries[i] = holdOne(ctx, in, prepared[i], record.Watched) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return
	}
	record.Reached = int(calls(deps) - before)
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
}

// holdOne sends one request and waits for its answer, the end of its connection, or of the watch.
func holdOne(ctx context.Context, in *instance, a asked, watched time.Duration) run.HungTry {
	c, err := wire.Dial(ctx, in.addr, wire.Options{})
	if err != nil {
		return run.HungTry{Problem: err.Error()}
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, watched)
	defer cancel()
	if err := c.Send(ctx, a.whole(in.addr).Bytes()); err != nil {
		return run.HungTry{Problem: err.Error()}
	}
	sent := c.Now()
	response, err := c.Response(ctx)
	try := run.HungTry{After: response.Last - sent}
	if err == nil {
		try.Status = response.Status
	} else {
		try.After = c.Now() - sent
		if end := c.Closing(); end.Kind != wire.Open {
			try.Closed, try.After = strings.ToUpper(end.Kind.String()), end.At-sent
		}
	}
	try.Transcript = transcript(c)
	return try
}
