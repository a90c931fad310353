package attack

import (
	"context"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// failure is one way in which dependencies fail, and what is learnt from it.
type failure struct {
	name   string
	checks []string
	slow   bool // it takes a request's whole deadline to be noticed
	begin  func(*Session, []*dependency) (heal func())
}

// flapping is how often a dependency goes that comes and goes.
const flapping = 3

// failures lists what is tried. Those that take longest come first.
func failures() []failure {
	return []failure{
		{run.Hangs, []string{"retry", "breaker", "bulkhead", "recover"}, true, func(_ *Session, deps []*dependency) func() { return hanging(deps) }},
		{run.Says503, []string{"retry", "breaker", "recover"}, false, scripted(fault.Status(503))},
		{run.Says500, []string{"retry", "breaker", "recover"}, false, scripted(fault.Status(500))},
		{run.Resets, []string{"retry", "breaker", "recover"}, false, scripted(fault.ResetBefore())},
		{run.Refuses, []string{"retry", "breaker", "recover"}, false, (*Session).refusing},
		{run.Flaps, []string{"recover"}, false, flicker},
	}
}

// scripted answers every call in one way.
func scripted(b fault.Behaviour) func(*Session, []*dependency) func() {
	return func(_ *Session, deps []*dependency) func() {
		for _, dep := range deps {
			dep.sink.SetScript(fault.Always(b))
		}
		return func() { healed(deps) }
	}
}

// flicker resets every call and every connection that is kept.
func flicker(s *Session, deps []*dependency) func() {
	heal := scripted(fault.ResetBefore())(s, deps)
	for _, dep := range deps {
		dep.sink.DropIdle(fault.RST)
	}
	return heal
}

// healed lets dependencies answer as plimsoll.yaml says.
func healed(deps []*dependency) {
	for _, dep := range deps {
		dep.sink.SetScript(script(dep.Dependency))
	}
}

// lasts is how long the dependencies fail: until they must be left alone, and a while longer to see that they are.
func (f failure) lasts(s *Session) time.Duration {
	p := s.Policy()
	switch {
	case f.name == run.Flaps:
		return (2*flapping - 1) * p.Plan.Flap
	case f.slow:
		return p.Deadline.Value + p.BreakerOpen.Value + p.Plan.Broken
	}
	return p.BreakerOpen.Value + p.Plan.Broken
}

// strike lets the dependencies fail for their time, and returns when they are well again.
func (f failure) strike(ctx context.Context, s *Session, deps []*dependency) {
	if f.name != run.Flaps {
		heal := f.begin(s, deps)
		defer heal()
		pause(ctx, f.lasts(s))
		return
	}
	for i := range flapping {
		if i > 0 {
			pause(ctx, s.Policy().Plan.Flap)
		}
		heal := f.begin(s, deps)
		pause(ctx, s.Policy().Plan.Flap)
		heal()
	}
}
