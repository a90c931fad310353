package attack

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

const (
	mostBudget = 4 * time.Second // that a caller gives
	lateWatch  = time.Second     // calls are looked for so long after the caller's deadline
	budgetIn   = 3               // requests of a kind
)

// budgets are made on one process: callers that say how long they wait, and what the dependency is told of that.
func (s *Session) budgets(ctx context.Context) error {
	return s.withDependency(ctx, "budget", []string{"budget"}, func(ctx context.Context, in *instance, op spec.Operation) error {
		s.opt.Say("callers that say how long they wait")
		for round := 1; round <= mostRounds; round++ {
			if err := s.budgetRound(ctx, in, s.leaving(op), round); err != nil {
				return err
			}
			if !s.undecided("budget") {
				break
			}
		}
		return nil
	})
}

// budgetRound gives different budgets while the dependency is well, refuses once, hangs, and refuses always.
func (s *Session) budgetRound(ctx context.Context, in *instance, ops []spec.Operation, round int) error {
	full := min(s.Policy().Deadline.Value, mostBudget)
	share := func(x float64) time.Duration { return time.Duration(x * float64(full)).Truncate(time.Millisecond) }
	probes := in.quietly(ctx)
	began := s.meter.now()
	record := run.Budgets{Round: round}
	for _, step := range []struct {
		dep   string
		given time.Duration
		does  fault.Script
		times int
	}{
		{run.Well, share(0.8), nil, 2}, {run.Well, share(0.4), nil, 2}, {run.Well, share(0.15), nil, 2},
		{run.Again, share(0.6), refuseFirst(share(0.6) / 6), budgetIn},
		{run.Silence, share(0.25), fault.Always(fault.Hang()), 1},
		{run.Refusal, share(0.25), fault.Always(notExecuted()), 1},
	} {
		for i := range step.times * len(ops) {
			try := s.budgetTry(ctx, in, ops[i%len(ops)], step.dep, step.given, step.does, probes)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			record.Tries = append(record.Tries, try)
			if step.does != nil {
				in.awaitWell(ctx, ops[i%len(ops)])
			}
		}
	}
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
	return nil
}

// notExecuted refuses a call and says that nothing was done.
func notExecuted() fault.Behaviour {
	return fault.Behaviour{Status: http.StatusServiceUnavailable, Header: http.Header{"Plimsoll-Executed": {"no"}}}
}

// refuseFirst refuses the first call after a delay and answers the others as ever.
func refuseFirst(delay time.Duration) fault.Script {
	first := notExecuted()
	first.Delay = delay
	return fault.Sequence(first, fault.Behaviour{})
}

// budgetTry makes one request with a budget and lists what the dependencies see of it until a while after its end.
func (s *Session) budgetTry(ctx context.Context, in *instance, op spec.Operation, dep string, given time.Duration, does fault.Script, probes map[fault.Content]bool) run.BudgetTry {
	try := run.BudgetTry{Operation: op.Name, Dep: dep, Given: given}
	a, err := in.request(ctx, op)
	if err != nil {
		try.Problem = err.Error()
		return try
	}
	a.headers = append(a.headers, s.budgetHeaders(given)...)
	deps := in.behind(op)
	if does != nil {
		for _, d := range deps {
			d.sink.SetScript(over(does, d.Dependency, dep == run.Again))
		}
		defer func() {
			healed(deps)
			for _, d := range deps {
				d.sink.Release()
			}
		}()
	}
	marks, sent := in.marks(), s.meter.now()
	x, err := wire.Do(ctx, in.addr, strings.NewReader(a.whole(in.addr).String()), wire.Wait{Answer: given + ordinary}, wire.Options{Origin: s.epoch})
	if err != nil {
		try.Problem = err.Error()
		return try
	}
	try.Status = x.Response.Status
	if dep == run.Silence || dep == run.Refusal {
		pause(ctx, sent+given+min(lateWatch, 2*given)-s.meter.now())
	}
	for _, r := range in.since(marks, probes) {
		name, left := s.budgetOf(r)
		try.Calls = append(try.Calls, run.BudgetCall{After: max(r.Arrived-sent, 0), Method: r.Method, Path: r.Path, Header: name, Left: left})
	}
	return try
}

// over is a script for one dependency. After its first answer a sequence goes on as plimsoll.yaml says.
func over(does fault.Script, dep spec.Dependency, once bool) fault.Script {
	if !once {
		return does
	}
	usual := script(dep)
	return func(n int, r fault.Request) fault.Behaviour {
		if n == 1 {
			return does(n, r)
		}
		if usual == nil {
			return fault.Behaviour{}
		}
		return usual(n, r)
	}
}

// budgetHeaders say the same in every form that is in use; the service takes the one it knows.
func (s *Session) budgetHeaders(given time.Duration) []wire.Field {
	ms := strconv.FormatInt(given.Milliseconds(), 10)
	fields := []wire.Field{
		{Name: "Plimsoll-Budget", Value: ms}, {Name: "grpc-timeout", Value: ms + "m"},
		{Name: "Connect-Timeout-Ms", Value: ms}, {Name: "X-Envoy-Expected-Rq-Timeout-Ms", Value: ms},
	}
	if own := s.spec.Budget; own.Header != "" {
		fields = append(fields, wire.Field{Name: own.Header, Value: own.Write(given)})
	}
	return fields
}

// budgetNames lists the headers that a budget may be told in, the service's own first.
func (s *Session) budgetNames() []string {
	names := []string{"Plimsoll-Budget", "grpc-timeout", "Connect-Timeout-Ms", "X-Envoy-Expected-Rq-Timeout-Ms"}
	if s.spec.Budget.Header != "" {
		names = append([]string{s.spec.Budget.Header}, names...)
	}
	return names
}

// budgetOf reads the budget off a call; "" when it carries none that can be read.
func (s *Session) budgetOf(r fault.Record) (name string, left time.Duration) {
	for _, name := range s.budgetNames() {
		value := r.Carried.More[strings.ToLower(name)]
		switch {
		case value == "":
		case name == s.spec.Budget.Header:
			if left, ok := s.spec.Budget.Read(value); ok {
				return name, left
			}
		case name == "grpc-timeout":
			if left, ok := grpcTimeout(value); ok {
				return name, left
			}
		default:
			if ms, err := strconv.ParseUint(value, 10, 40); err == nil {
				return name, time.Duration(ms) * time.Millisecond
			}
		}
	}
	return "", 0
}

// grpcTimeout reads up to eight digits and a unit.
func grpcTimeout(value string) (time.Duration, bool) {
	units := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}
	n := len(value) - 1
	if n < 1 || n > 8 {
		return 0, false
	}
	unit, known := units[value[n]]
	digits, err := strconv.ParseUint(value[:n], 10, 32)
	if !known || err != nil {
		return 0, false
	}
	if digits > uint64(math.MaxInt64/unit) {
		return math.MaxInt64, true // more hours than a Duration holds
	}
	return time.Duration(digits) * unit, true
}

// quietly listens for what the dependencies are asked without a request.
func (in *instance) quietly(ctx context.Context) map[fault.Content]bool {
	marks := in.marks()
	pause(ctx, in.session.Policy().Plan.Warm/3)
	return in.contents(marks)
}

// awaitWell makes ordinary requests until one is answered well, or for a while.
func (in *instance) awaitWell(ctx context.Context, op spec.Operation) bool {
	for end := time.Now().Add(watchFor(in.session.Policy().Return)); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		a, err := in.request(ctx, op)
		if err == nil && in.send(ctx, a) == nil {
			return true
		}
	}
	return false
}
