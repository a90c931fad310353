package attack

import (
	"context"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

const (
	// noticed is how long the end of a connection may take to be seen by a client that looks before it sends.
	noticed = 50 * time.Millisecond

	// spell is how long a dependency refuses or resets before its connections are used again.
	spell = 500 * time.Millisecond
)

// staleness is one way in which the connections that a service keeps come to their end.
type staleness struct {
	how string
	end func(context.Context, *Session, *instance, spec.Operation)
}

func stalenesses() []staleness {
	return []staleness{
		{"closed by the dependency while they were idle", func(ctx context.Context, _ *Session, in *instance, _ spec.Operation) {
			in.dropIdle(fault.FIN)
			pause(ctx, noticed)
		}},
		{"reset by the dependency while they were idle", func(ctx context.Context, _ *Session, in *instance, _ spec.Operation) {
			in.dropIdle(fault.RST)
			pause(ctx, noticed)
		}},
		{"reset, and connecting was refused for a while", func(ctx context.Context, s *Session, in *instance, op spec.Operation) {
			s.ports.Lock()
			defer s.ports.Unlock()
			during(ctx, s, in, op, s.refusing)
		}},
		{"reset on every call for a while", func(ctx context.Context, s *Session, in *instance, op spec.Operation) {
			during(ctx, s, in, op, func(deps []*dependency) func() { return scripted(fault.ResetBefore())(s, deps) })
		}},
	}
}

// during lets dependencies fail for a spell, with a few requests, and waits until the service must use them again.
func during(ctx context.Context, s *Session, in *instance, op spec.Operation, fail func([]*dependency) func()) {
	prepared, err := in.several(ctx, op, 3)
	heal := fail(in.sinks)
	if err == nil {
		in.sendAll(ctx, prepared)
	}
	pause(ctx, spell)
	heal()
	pause(ctx, s.Policy().Return.Value)
	in.awaitWell(ctx, op) // a breaker lets one request through before it lets many
}

// dropIdle ends the connections that carry no call.
func (in *instance) dropIdle(how fault.Departure) {
	for _, dep := range in.sinks {
		dep.sink.DropIdle(how)
	}
}

// staleConnections ends what the service keeps open and looks at the next requests. Each round has a process of its own:
// one that uses what has ended may never be well again.
func (s *Session) staleConnections(ctx context.Context) error {
	for round := 1; round <= mostRounds && ctx.Err() == nil; round++ {
		err := s.withDependency(ctx, "stale", []string{"stale"}, func(ctx context.Context, in *instance, op spec.Operation) error {
			s.opt.Say("kept connections that end")
			for _, op := range s.leaving(op) {
				if err := s.staleRound(ctx, in, op, round); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || !s.undecided("stale") {
			return err
		}
	}
	return ctx.Err()
}

func (s *Session) staleRound(ctx context.Context, in *instance, op spec.Operation, round int) error {
	began := s.meter.now()
	probes := in.quietly(ctx)
	record := run.Stale{Operation: op.Name, Round: round, Repeatable: true}
	for _, way := range stalenesses() {
		spell, bare := s.staleOnce(ctx, in, op, way, probes)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		record.Spells, record.Repeatable = append(record.Spells, spell), record.Repeatable && !bare
	}
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
	return nil
}

// staleOnce fills the service's pool, ends its connections, and makes as many requests at once, twice. bare: its calls
// are not safe to repeat.
func (s *Session) staleOnce(ctx context.Context, in *instance, op spec.Operation, way staleness, probes map[fault.Content]bool) (out run.StaleSpell, bare bool) {
	n := s.Policy().Plan.Pool
	out = run.StaleSpell{How: way.how, Requests: n}
	var passes [3][]asked // prepared first: what an operation needs to be set up may use the connections as well
	for i := range passes {
		prepared, err := in.several(ctx, op, n)
		if err != nil {
			out.Problem = err.Error()
			return out, false
		}
		passes[i] = prepared
	}
	marks := in.marks()
	if before := in.pass(ctx, passes[0]); good(before) < n {
		out.Problem = fmt.Sprintf("while all was well %d of %d requests were answered well", good(before), n)
		return out, false
	}
	normal := repeatCounts(in.since(marks, probes))
	for _, dep := range in.sinks {
		out.Kept += dep.sink.Stats().Open
	}
	way.end(ctx, s, in, op)
	for i, into := range []*map[int]int{&out.First, &out.Second} {
		marks = in.marks()
		*into = in.pass(ctx, passes[i+1])
		out.Repeated += max(repeatCounts(in.since(marks, probes)).Bare-normal.Bare, 0)
	}
	return out, normal.Bare > 0
}

// pass makes requests at the same time and counts their statuses.
func (in *instance) pass(ctx context.Context, prepared []asked) map[int]int {
	counts := map[int]int{}
	for _, status := range in.sendAll(ctx, prepared) {
		counts[status]++
	}
	return counts
}

// several are some requests of one operation, each with fresh words.
func (in *instance) several(ctx context.Context, op spec.Operation, n int) ([]asked, error) {
	var out []asked
	for range n {
		a, err := in.request(ctx, op)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// good counts the answers below 400.
func good(statuses map[int]int) int {
	n := 0
	for status, count := range statuses {
		if status > 0 && status < 400 {
			n += count
		}
	}
	return n
}
