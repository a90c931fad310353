package attack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

const (
	// stay is how long a client waits before it leaves: the service has begun to wait for its dependency by then.
	stay = 150 * time.Millisecond

	// reachWithin is how long a call may take to reach the dependency.
	reachWithin = 3 * time.Second

	// missesEnough ends a round early: with so many misses it can't be held any more.
	missesEnough = 4

	// sinkLook is how often the dependency's records are read while something is waited for.
	sinkLook = 2 * time.Millisecond
)

// leave makes clients that go while their dependency works, and sees whether the dependency is told.
func (s *Session) leave(ctx context.Context, in *instance, op spec.Operation) error {
	if !s.wants("cancel") {
		return nil
	}
	s.opt.Say("clients that leave while their dependency works")
	for round := 1; round <= mostRounds; round++ {
		if err := s.leaveRound(ctx, in, s.leaving(op), round); err != nil {
			return err
		}
		if !s.undecided("cancel") {
			break
		}
	}
	return nil
}

// leaving lists the operations that are tried in turn: one that reads and one that writes, if there are both.
func (s *Session) leaving(first spec.Operation) []spec.Operation {
	ops := []spec.Operation{first}
	other, ok := s.spec.Calling(func(op spec.Operation) bool { return (op.Request.Method == "GET") != (first.Request.Method == "GET") })
	if ok {
		ops = append(ops, other)
	}
	return ops
}

func (s *Session) leaveRound(ctx context.Context, in *instance, ops []spec.Operation, round int) error {
	began := s.meter.now()
	record := run.Left{Round: round}
	misses := 0
	for i := range s.Policy().Plan.Cancels {
		try := s.leaveOnce(ctx, in, ops[i%len(ops)], []string{"RST", "FIN"}[i/len(ops)%2])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		record.Tries = append(record.Tries, try)
		if limit := s.Policy().Cancel; !try.Reached || !try.Ended || try.After > limit.Value+limit.Slack() {
			if misses++; misses == missesEnough {
				break
			}
		}
	}
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
	return nil
}

// leaveOnce makes one request whose dependency hangs, leaves, and waits for the end of the call.
func (s *Session) leaveOnce(ctx context.Context, in *instance, op spec.Operation, how string) run.LeftTry {
	try := run.LeftTry{Operation: op.Name, Method: op.Request.Method, How: how}
	a, err := in.request(ctx, op) // before the dependency hangs: its setup may need it
	if err != nil {
		try.Problem = err.Error()
		return try
	}
	deps := in.behind(op)
	heal := hanging(deps)
	defer heal()
	marks := make([]fault.Mark, len(deps))
	for i, dep := range deps {
		marks[i] = dep.sink.Mark()
	}
	c, err := wire.Dial(ctx, in.addr, wire.Options{Origin: s.epoch})
	if err != nil {
		try.Problem = err.Error()
		return try
	}
	defer c.Close()
	if err := c.Send(ctx, a.whole(in.addr).Bytes()); err != nil {
		try.Problem = err.Error()
		return try
	}
	dep, mark, err := reached(ctx, deps, marks)
	if err != nil {
		return try
	}
	try.Reached = true
	pause(ctx, stay)
	left := s.meter.now()
	if how == "RST" {
		err = c.Abort()
	} else {
		err = c.Close()
	}
	if err != nil {
		try.Problem = fmt.Sprintf("leave: %v", err)
		return try
	}
	try.After, try.Ended = s.ended(ctx, dep, mark, left)
	return try
}

// reached waits until a dependency has a call that is under way.
func reached(ctx context.Context, deps []*dependency, marks []fault.Mark) (*dependency, fault.Mark, error) {
	for end := time.Now().Add(reachWithin); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, sinkLook) {
		for i, dep := range deps {
			for _, r := range dep.sink.Snapshot(marks[i]).Records {
				if r.End == fault.Pending && r.Act == fault.ActHang && r.Read > 0 {
					return dep, marks[i], nil
				}
			}
		}
	}
	return nil, 0, errors.New("no call reached the dependency")
}

// ended waits for the end of the call and returns how long after the client's leaving it came.
func (s *Session) ended(ctx context.Context, dep *dependency, mark fault.Mark, left time.Duration) (time.Duration, bool) {
	limit := watchFor(s.Policy().Cancel)
	for ; ctx.Err() == nil; pause(ctx, sinkLook) {
		for _, r := range dep.sink.Snapshot(mark).Records {
			if r.End == fault.Cancelled {
				return max(r.Ended-left, 0), true
			}
		}
		if s.meter.now()-left > limit {
			break
		}
	}
	return s.meter.now() - left, false
}

// pause lets time pass, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
