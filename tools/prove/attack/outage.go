package attack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// outages makes every failure under ordinary traffic, each on a process of its own and beside the others: an ordinary rate
// leaves the machine room. What the checks leave open is made once more.
func (s *Session) outages(ctx context.Context) error {
	ids := []string{"retry", "breaker", "bulkhead", "recover"}
	if !s.wants(ids...) {
		return nil
	}
	if _, ok := s.spec.Calling(func(spec.Operation) bool { return true }); !ok {
		for _, id := range ids {
			s.skip(ctx, id, check.NoDependency, "no operation calls a dependency that the prover plays")
		}
		return nil
	}
	left := slices.DeleteFunc(failures(), func(f failure) bool { return !s.wants(f.checks...) })
	for round := 1; round <= mostRounds && len(left) > 0 && ctx.Err() == nil; round++ {
		s.opt.Say("ordinary traffic while a dependency fails and returns")
		var experiments []func(context.Context) error
		for _, f := range left {
			experiments = append(experiments, func(ctx context.Context) error { return s.outage(ctx, f, round) })
		}
		if err := s.beside(experiments...)(ctx); err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(f failure) bool { return !s.unsettled(f) })
	}
	return ctx.Err()
}

// unsettled reports whether another outage of this kind could decide what a check leaves open. What is refuted needs no more.
func (s *Session) unsettled(f failure) bool {
	return slices.ContainsFunc(f.checks, func(id string) bool {
		if !s.wants(id) {
			return false
		}
		found := s.finding(id)
		return found.Verdict != check.Refuted && check.OutageWants(found, f.name)
	})
}

// outage makes one failure on a fresh process.
func (s *Session) outage(ctx context.Context, f failure, round int) error {
	in, err := s.spare(ctx, "outage", shape{}, f.checks...)
	if in == nil {
		return err
	}
	defer in.stop()
	t, err := s.traffic(ctx, in)
	if err != nil {
		if ctx.Err() == nil {
			for _, id := range f.checks {
				s.skip(ctx, id, check.ToolFailed, "%v", err)
			}
		}
		return ctx.Err()
	}
	if f.name == run.Refuses {
		s.ports.Lock() // refused connections are counted for the whole machine
		defer s.ports.Unlock()
	}
	record, err := t.through(ctx, f, round)
	if err != nil {
		return err
	}
	s.add(ctx, record)
	return nil
}

// traffic is ordinary requests, each operation at an even rate.
type traffic struct {
	session *Session
	in      *instance
	streams []run.Stream
	mixes   [][]load.Request
	deps    []*dependency // that fail
	probes  map[fault.Content]bool
}

// traffic finds out which operations need the dependencies, by what arrives there: of those that do, one that reads and
// one that writes are used, and one of those that do not.
func (s *Session) traffic(ctx context.Context, in *instance) (*traffic, error) {
	t := &traffic{session: s, in: in, deps: in.sinks}
	quiet := in.marks()
	pause(ctx, s.Policy().Plan.Warm/3)
	t.probes = in.contents(quiet)
	var read, write, free bool
	for _, op := range s.spec.Operations {
		needs, err := t.needs(ctx, op)
		if err != nil {
			return nil, err
		}
		taken := &free
		if needs && op.Kind == spec.Read {
			taken = &read
		} else if needs {
			taken = &write
		}
		if *taken {
			continue
		}
		*taken = true
		mix, err := in.mix(ctx, op)
		if err != nil {
			return nil, err
		}
		t.streams = append(t.streams, run.Stream{Operation: op.Name, Needs: needs, Rate: s.Policy().Plan.Ordinary})
		t.mixes = append(t.mixes, mix)
	}
	return t, ctx.Err()
}

// needs makes one request and sees whether a call arrives at a dependency.
func (t *traffic) needs(ctx context.Context, op spec.Operation) (bool, error) {
	a, err := t.in.request(ctx, op)
	if err != nil {
		return false, err
	}
	marks := t.in.marks()
	if err := t.in.send(ctx, a); err != nil {
		return false, fmt.Errorf("operation %s: %w", op.Name, err)
	}
	return len(t.in.since(marks, t.probes)) > 0, nil
}

// through lets the traffic run before, during and after a failure.
func (t *traffic) through(ctx context.Context, f failure, round int) (run.Outage, error) {
	s, plan := t.session, t.session.Policy().Plan
	record := run.Outage{Fault: f.name, Round: round, Streams: t.streams, Refused: -1}
	length := plan.Warm + f.lasts(s) + plan.Mended
	marks := t.in.marks()
	record.Began = s.meter.now()
	before, known := refusedConnections()
	var all sync.WaitGroup
	faults := make([]error, len(t.streams))
	for i := range t.streams {
		all.Go(func() { faults[i] = t.flow(ctx, i, length) })
	}
	pause(ctx, plan.Warm)
	record.Failed = s.meter.now()
	ordinary, _ := refusedConnections()
	f.strike(ctx, s, t.deps)
	record.Healed = s.meter.now()
	after, _ := refusedConnections()
	all.Wait()
	record.Ended = record.Began + length
	if ctx.Err() != nil {
		return record, ErrInterrupted
	}
	for _, err := range faults {
		if err != nil {
			return record, err
		}
	}
	if f.name == run.Refuses && known {
		others := float64(ordinary-before) * float64(record.Healed-record.Failed) / float64(record.Failed-record.Began)
		record.Refused = max(int(after-ordinary)-int(others), 0)
	}
	record.Before = s.meter.noise(record.Began, record.Failed)
	record.During = s.meter.noise(record.Failed, record.Healed)
	record.After = s.meter.noise(record.Healed, record.Ended)
	t.count(&record, marks)
	return record, nil
}

// flow is one stream.
func (t *traffic) flow(ctx context.Context, i int, length time.Duration) error {
	s := t.session
	deadline := s.Policy().Deadline
	result, err := load.Run(ctx, load.Plan{
		Target: t.in.addr, Mix: t.mixes[i], Rate: t.streams[i].Rate, Duration: length, Arrival: load.Uniform,
		Seed: uint64(s.opt.Seed)<<16 + uint64(i), Deadline: watchFor(deadline),
	})
	if err != nil {
		return err
	}
	t.streams[i].At, t.streams[i].Result = result.Began.Sub(s.epoch), *result
	return nil
}

// count files the calls that came of requests.
func (t *traffic) count(record *run.Outage, marks []fault.Mark) {
	calls := t.in.since(marks, t.probes)
	record.Aside = len(t.in.since(marks, nil)) - len(calls)
	most := map[fault.Content][]fault.Record{}
	var best []fault.Record
	for _, r := range calls {
		record.Calls = append(record.Calls, r.Arrived)
		key := fault.Content{Method: r.Method, Path: r.Path, Hash: r.Hash + r.Carried.IdempotencyKey}
		if most[key] = append(most[key], r); len(most[key]) > len(best) {
			best = most[key]
		}
	}
	slices.Sort(record.Calls)
	if len(best) > 1 && len(best) < len(calls)/2 { // otherwise all requests look the same
		record.Sample = callLines(best, best[0].Arrived)
	}
}
