package attack

import (
	"context"
	"slices"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// hangDependency watches cancellation, deadlines and health while dependencies hang, on one process.
func (s *Session) hangDependency(ctx context.Context) error {
	return s.withDependency(ctx, "hang", []string{"deadline", "cancel", "health"}, s.leave, s.hang)
}

// refuseDependency watches health while dependencies refuse connections.
func (s *Session) refuseDependency(ctx context.Context) error {
	return s.withDependency(ctx, "refuse", []string{"health"}, s.refuse)
}

// withDependency makes experiments with an operation that calls a dependency, one after the other on one process.
func (s *Session) withDependency(ctx context.Context, name string, ids []string, experiments ...func(context.Context, *instance, spec.Operation) error) error {
	if !s.wants(ids...) {
		return nil
	}
	op, ok := s.spec.Calling(func(spec.Operation) bool { return true })
	if !ok {
		for _, id := range ids {
			s.skip(ctx, id, check.NoDependency, "no operation calls a dependency that the prover plays")
		}
		return nil
	}
	in, err := s.spare(ctx, name, shape{}, ids...)
	if in == nil {
		return err
	}
	defer in.stop()
	for _, experiment := range experiments {
		if err := experiment(ctx, in, op); err != nil {
			return err
		}
	}
	return nil
}

// behind returns the dependencies that an operation calls.
func (in *instance) behind(op spec.Operation) []*dependency {
	var out []*dependency
	for _, dep := range in.sinks {
		if slices.Contains(op.Deps, dep.Name) {
			out = append(out, dep)
		}
	}
	return out
}

// hanging makes every call of the dependencies hang, until the returned function heals them.
func hanging(deps []*dependency) (heal func()) {
	for _, dep := range deps {
		dep.sink.SetScript(fault.Always(fault.Hang()))
	}
	return func() {
		for _, dep := range deps {
			dep.sink.SetScript(script(dep.Dependency))
			dep.sink.Release()
		}
	}
}

// calls counts what the dependencies have seen.
func calls(deps []*dependency) int64 {
	var n int64
	for _, dep := range deps {
		n += dep.sink.Stats().Calls
	}
	return n
}
