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

// repeatWatch is how long repeats are looked for after the last answer.
const repeatWatch = 300 * time.Millisecond

// uncertain are the ways in which a dependency executes a call and does not say so, and one in which it says that it
// did not.
func uncertain() []struct {
	name     string
	executed bool
	does     fault.Behaviour
} {
	return []struct {
		name     string
		executed bool
		does     fault.Behaviour
	}{
		{"closes the connection without an answer", true, fault.CloseBefore()},
		{"resets the connection without an answer", true, fault.ResetBefore()},
		{"resets the connection in the middle of the answer", true, fault.ResetMidBody()},
		{"answers 500", true, fault.Status(500)},
		{"answers 502", true, fault.Status(502)},
		{"answers 503", true, fault.Status(503)},
		{"answers 504", true, fault.Status(504)},
		{"does not answer", true, fault.Hang()},
		{"answers 503 and that it was not executed", false, notExecuted()},
	}
}

// repeats looks for writes that are sent twice, on one process.
func (s *Session) repeats(ctx context.Context) error {
	return s.withDependency(ctx, "repeat", []string{"repeat"}, func(ctx context.Context, in *instance, _ spec.Operation) error {
		op, normal, ok := s.writing(ctx, in)
		if !ok {
			s.skip(ctx, "repeat", check.NoUnsafe, "no operation was seen to make a POST or PATCH at a dependency")
			return ctx.Err()
		}
		s.opt.Say("writes whose outcome is not known")
		record := run.Repeats{Operation: op.Name, Round: 1, Normal: normal}
		probes := in.quietly(ctx)
		for _, mode := range uncertain() {
			seen := s.uncertainOnce(ctx, in, op, normal, mode.does, probes)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			seen.Dep, seen.Executed = mode.name, mode.executed
			record.Modes = append(record.Modes, seen)
		}
		s.add(ctx, record)
		return nil
	})
}

// writing is the first operation whose ordinary request makes calls that are not safe to repeat, and how many.
func (s *Session) writing(ctx context.Context, in *instance) (spec.Operation, run.RepeatCounts, bool) {
	for _, op := range s.spec.Operations {
		a, err := in.request(ctx, op)
		if err != nil {
			continue
		}
		marks := in.marks()
		if in.send(ctx, a) != nil {
			continue
		}
		if seen := repeatCounts(in.since(marks, nil)); seen.Calls > 0 {
			return op, seen, true
		}
	}
	return spec.Operation{}, run.RepeatCounts{}, false
}

// repeatCounts counts the calls that are not safe to repeat by their method.
func repeatCounts(calls []fault.Record) run.RepeatCounts {
	var c run.RepeatCounts
	keys := map[string]bool{}
	for _, r := range calls {
		if !unsafe(r) {
			continue
		}
		c.Calls++
		if key := r.Carried.IdempotencyKey; key != "" {
			keys[key] = true
		} else {
			c.Bare++
		}
	}
	c.Keyed = len(keys)
	return c
}

// uncertainOnce makes requests while the dependency leaves open what became of them, and counts what arrives.
func (s *Session) uncertainOnce(ctx context.Context, in *instance, op spec.Operation, normal run.RepeatCounts, does fault.Behaviour, probes map[fault.Content]bool) run.RepeatsMode {
	mode := run.RepeatsMode{Requests: s.Policy().Plan.Uncertain}
	if !in.awaitWell(ctx, op) {
		mode.Problem = "the service did not become well again after the fault before"
		return mode
	}
	var prepared []asked
	for range mode.Requests {
		a, err := in.request(ctx, op)
		if err != nil {
			mode.Problem = err.Error()
			return mode
		}
		prepared = append(prepared, a)
	}
	marks := in.marks()
	heal := scripted(does)(s, in.sinks)
	in.sendAll(ctx, prepared)
	pause(ctx, repeatWatch)
	calls := in.since(marks, probes)
	heal()
	for _, dep := range in.sinks {
		dep.sink.Release()
	}
	mode.Seen, mode.NewKeys = repeatCounts(calls), newKeys(calls)
	if len(calls) > 0 && (mode.NewKeys > 0 || mode.Seen.Bare > mode.Requests*normal.Bare || mode.Seen.Keyed > mode.Requests*normal.Keyed) {
		mode.Lines = callLines(calls, calls[0].Arrived)
	}
	return mode
}

// newKeys counts the calls whose content was sent before under another key.
func newKeys(calls []fault.Record) int {
	first := map[fault.Content]string{}
	n := 0
	for _, r := range calls {
		if !unsafe(r) || r.Carried.IdempotencyKey == "" || r.Hash == "" || r.Size == 0 {
			continue
		}
		content := fault.Content{Method: r.Method, Path: r.Path, Hash: r.Hash}
		if key, seen := first[content]; seen && key != r.Carried.IdempotencyKey {
			n++
		} else if !seen {
			first[content] = r.Carried.IdempotencyKey
		}
	}
	return n
}

// sendAll makes requests at the same time and returns their statuses; 0: no complete answer.
func (in *instance) sendAll(ctx context.Context, prepared []asked) []int {
	statuses := make([]int, len(prepared))
	patience := watchFor(in.session.Policy().Deadline)
	var all sync.WaitGroup
	for i, a := range prepared {
		all.Go(func() {
			x, err := wire.Do(ctx, in.addr, strings.NewReader(a.whole(in.addr).String()), wire.Wait{Answer: patience}, wire.Options{Origin: in.session.epoch})
			if err == nil && x.Response.Complete {
				statuses[i] = x.Response.Status
			}
		})
	}
	all.Wait()
	return statuses
}
