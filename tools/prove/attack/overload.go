package attack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

const (
	settles   = 6                       // this part of a judged stretch goes before it, until the service has settled
	quietStep = 1500 * time.Millisecond // the recovery is looked at in steps of this
	mostRate  = 5000                    // requests per second that are offered at the most

	// enoughOfCeiling is the share of what a dependency can serve above which no higher capacity is looked for.
	enoughOfCeiling = 0.95
	calibrateAgain  = 3 // more tries to get there, if the machine was busy
	fitnessTries    = 3 // self-tests of the machine, if it was busy
)

// overload finds the capacity and offers multiples of it.
func (s *Session) overload(ctx context.Context) error {
	if !s.wants("overload") {
		return nil
	}
	op, limited := s.spec.Calling(func(spec.Operation) bool { return true })
	if !limited {
		op = s.spec.Operations[0]
	}
	target := &loaded{session: s, op: op}
	if limited {
		plan := s.Policy().Plan
		target.capacity = fault.Capacity{Slots: plan.Slots, Service: plan.Hold}
	}
	defer target.stop()
	if ok, err := target.fresh(ctx); !ok {
		return err
	}
	s.opt.Say("capacity")
	found, err := target.calibrate(ctx)
	if err != nil {
		return err
	}
	s.add(ctx, found)
	if found.Problem != "" {
		return nil
	}
	fit, err := s.fitness(ctx, slices.Max(s.Policy().Plan.Multiples)*found.Rate)
	if err != nil {
		return err
	}
	for _, multiple := range s.Policy().Plan.Multiples {
		if step, unfit := check.Unfit(fit, multiple*found.Rate, s.Policy().Plan.Patience); unfit {
			s.skip(ctx, check.MultipleID(multiple), check.Lag,
				"%g× is %.0f requests/s, and this machine, as busy as it was, was %.0f ms late at %.0f/s with nothing to do but answer",
				multiple, multiple*found.Rate, step.LagP99.Seconds()*1000, step.Rate)
			continue
		}
		if err := s.overloadAt(ctx, target, multiple, found.Rate); err != nil {
			return err
		}
	}
	return nil
}

// fitness lets the machine test itself before anything is said about a service under so many requests a second. A machine
// that was busy is asked again.
func (s *Session) fitness(ctx context.Context, need float64) (load.Fitness, error) {
	s.opt.Say("what this machine can measure")
	best := load.Fitness{}
	for range fitnessTries {
		found, err := load.SelfTest(ctx)
		if err != nil {
			return best, err
		}
		if len(best.Steps) == 0 || found.Rate > best.Rate {
			best = found
		}
		if best.Rate >= min(need, mostRate) {
			break
		}
	}
	s.add(ctx, run.Fitness{Fitness: best})
	return best, nil
}

// overloadAt makes blocks of one multiple until they are decided or enough.
func (s *Session) overloadAt(ctx context.Context, target *loaded, multiple, capacity float64) error {
	if multiple*capacity > mostRate {
		s.skip(ctx, check.MultipleID(multiple), check.CapTooHigh,
			"%g× is %.0f requests/s and at most %d are offered; give an operation a dependency that is the bottleneck", multiple, multiple*capacity, mostRate)
		return nil
	}
	for block := 1; block <= s.Policy().Plan.Blocks; block++ {
		s.opt.Say(fmt.Sprintf("overload at %g× the capacity of %.0f/s, block %d", multiple, capacity, block))
		if err := target.block(ctx, multiple, capacity, block); err != nil {
			return err
		}
		if !check.WantsBlock(s.Artifacts(), s.Policy(), multiple) {
			break
		}
	}
	return nil
}

// loaded is a service under load.
type loaded struct {
	session  *Session
	op       spec.Operation
	capacity fault.Capacity
	in       *instance
	mix      []load.Request
	seed     uint64
}

// fresh replaces the process. Not ok without an error: it never became ready, and that was recorded.
func (t *loaded) fresh(ctx context.Context) (ok bool, err error) {
	t.stop()
	t.in, err = t.session.spare(ctx, "load", shape{capacity: t.capacity}, "overload")
	if t.in == nil {
		return false, err
	}
	t.mix, err = t.in.mix(ctx, t.op)
	if err != nil {
		t.session.skip(ctx, "overload", check.ToolFailed, "%v", err)
		return false, ctx.Err()
	}
	return true, nil
}

func (t *loaded) stop() {
	if t.in != nil {
		t.in.stop()
		t.in = nil
	}
}

// calibrate finds the capacity with a closed loop: as many clients as it takes to keep the dependency, or the processor,
// busy.
func (t *loaded) calibrate(ctx context.Context) (run.Capacity, error) {
	s := t.session
	p := s.Policy().Plan
	began := s.meter.now()
	found := run.Capacity{Operation: t.op.Name}
	workers := []int{1, 2, 4, 8, 16, 32, 64}
	if t.capacity.Slots > 0 {
		found.Slots, found.Hold, found.Ceiling = t.capacity.Slots, t.capacity.Service, t.capacity.Rate()
		workers = []int{p.Slots, 2 * p.Slots, 3 * p.Slots}
		for range calibrateAgain {
			workers = append(workers, 3*p.Slots)
		}
	}
	for i, n := range workers {
		if found.Ceiling > 0 && i >= 3 && found.Rate > enoughOfCeiling*found.Ceiling {
			break
		}
		step, err := t.closed(ctx, n, p.Window/2)
		if err != nil {
			return found, err
		}
		found.Steps = append(found.Steps, step)
		before := found.Rate
		found.Rate = max(found.Rate, step.Rate)
		if t.capacity.Slots == 0 && step.Rate < 1.05*before {
			break
		}
	}
	found.Noise = s.meter.noise(began, s.meter.now())
	if found.Rate < 1/p.Patience.Seconds() {
		found.Problem = fmt.Sprintf("no capacity was found: at most %.1f good answers per second", found.Rate)
	}
	return found, nil
}

func (t *loaded) closed(ctx context.Context, workers int, d time.Duration) (run.Step, error) {
	t.seed++
	res, err := load.Loop(ctx, load.ClosedLoop{
		Target: t.in.addr, Mix: t.mix, Clients: workers, Duration: d, Deadline: ordinary, Seed: t.nextSeed(),
	})
	if err != nil {
		return run.Step{}, err
	}
	step := run.Step{Workers: workers}
	for i := range res.Rows {
		switch row := &res.Rows[i]; {
		case row.Outcome == load.OK && row.Last <= res.Length:
			step.Rate += 1 / res.Length.Seconds()
		case row.Outcome != load.OK:
			step.Bad++
		}
	}
	return step, nil
}

// block offers the capacity, then its multiple, then half of it until the service is well again. A service that is not
// well again is replaced, so that the next block attacks a fresh one.
func (t *loaded) block(ctx context.Context, multiple, capacity float64, number int) error {
	plan := t.session.Policy().Plan
	stretch := func(part string, rate float64, length, warmup time.Duration) (run.Load, error) {
		return t.offer(ctx, run.Load{Part: part, Multiple: multiple, Block: number, Offered: rate, Warmup: warmup}, length)
	}
	settle := plan.Window / settles
	if _, err := stretch(run.Base, capacity, settle+plan.Window, settle); err != nil {
		return err
	}
	if _, err := stretch(run.Attack, multiple*capacity, 2*settle+plan.Window, 2*settle); err != nil {
		return err
	}
	ended, limit := t.session.meter.now(), t.session.Policy().Recover
	for t.session.meter.now()-ended < watchFor(limit) {
		quiet, err := stretch(run.Quiet, capacity/2, quietStep, 0)
		if err != nil {
			return err
		}
		if c := quiet.Result.Window(quietStep/3, quietStep).Counts(); float64(c.Of(load.OK)) >= 0.99*float64(c.Intended) {
			return nil
		}
	}
	_, err := t.fresh(ctx)
	return err
}

// offer runs one stretch of open-loop traffic and records it.
func (t *loaded) offer(ctx context.Context, record run.Load, length time.Duration) (run.Load, error) {
	s := t.session
	began := s.meter.now()
	result, err := load.Run(ctx, load.Plan{
		Target: t.in.addr, Mix: t.mix, Rate: record.Offered, Duration: length, Seed: t.nextSeed(),
		Deadline: s.Policy().Plan.Patience, Conns: warmConns(t.capacity, s.Policy().Plan),
	})
	if err != nil {
		return record, err
	}
	record.Result = *result
	record.Noise = s.meter.noise(began, began+length)
	s.add(ctx, record)
	return record, nil
}

// warmConns are opened before the start: as many as are busy at capacity.
func warmConns(c fault.Capacity, p policy.Plan) int {
	if c.Slots > 0 {
		return 2 * c.Slots
	}
	return p.Connections
}

func (t *loaded) nextSeed() uint64 {
	t.seed++
	return uint64(t.session.opt.Seed)<<16 + t.seed
}
