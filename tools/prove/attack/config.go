package attack

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

const (
	socketLook    = 10 * time.Millisecond // between two looks at what a misconfigured process listens on
	configAtATime = 2                     // misconfigured processes, so that starting them does not slow each other down
)

// notURL is no URL to any parser: its host is an address that never ends.
const notURL = "http://[::1"

// notPort is no port, address or number.
const notPort = "abc"

// breakConfig starts the service with one variable missing or malformed at a time.
func (s *Session) breakConfig(ctx context.Context) error {
	if !s.wants("config") {
		return nil
	}
	cases := s.brokenStarts()
	if len(cases) == 0 {
		s.skip(ctx, "config", check.NoVariable, "there is no variable to break")
		return nil
	}
	s.opt.Say("missing and malformed configuration")
	turn := make(chan struct{}, configAtATime)
	var all sync.WaitGroup
	for _, c := range cases {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			s.startBroken(ctx, c)
		})
	}
	all.Wait()
	left := s.finding("config")
	for _, c := range cases {
		if ctx.Err() == nil && check.ConfigWants(left, c) {
			s.startBroken(ctx, c)
		}
	}
	return ctx.Err()
}

// brokenStarts lists what is tried: every required variable missing, the port and every dependency's URL malformed, and
// what plimsoll.yaml adds.
func (s *Session) brokenStarts() []run.Config {
	var cases []run.Config
	for _, name := range s.spec.Config.Required {
		cases = append(cases, run.Config{Case: run.Missing, Variable: name})
	}
	malformed := map[string]string{s.spec.Listen.Env: notPort}
	for _, dep := range s.spec.Deps {
		malformed[dep.Env] = notURL
	}
	maps.Copy(malformed, s.spec.Config.Malformed)
	for _, name := range slices.Sorted(maps.Keys(malformed)) {
		cases = append(cases, run.Config{Case: run.Malformed, Variable: name, Value: malformed[name]})
	}
	return cases
}

// startBroken makes one start and watches the process until it ends or its time is over.
func (s *Session) startBroken(ctx context.Context, record run.Config) {
	if ctx.Err() != nil {
		return
	}
	sh := shape{without: record.Variable}
	if record.Case == run.Malformed {
		sh = shape{with: map[string]string{record.Variable: record.Value}}
	}
	record.Watched = watchFor(s.Policy().ConfigExit)
	began := s.meter.now()
	in, err := s.start(ctx, "config", sh)
	if err != nil {
		record.Problem = err.Error()
		s.add(ctx, record)
		return
	}
	defer in.stop()
	sockets := in.process.Watch(socketLook)
	bound, cancel := context.WithTimeout(ctx, record.Watched)
	defer cancel()
	select {
	case <-in.process.Exited():
		record.Exited = true
	case <-bound.Done():
	}
	if ctx.Err() != nil {
		sockets.Stop()
		return
	}
	record.After = s.meter.now() - began
	for addr := range sockets.Stop().Listening {
		record.Listened = append(record.Listened, addr.String())
	}
	slices.Sort(record.Listened)
	if record.Exited {
		exit, err := in.process.Wait(ctx)
		if err != nil {
			return // interrupted
		}
		record.Code = exit.Code
	}
	record.Output = in.output(8)
	name := regexp.MustCompile(`\b` + regexp.QuoteMeta(record.Variable) + `\b`)
	record.Named = slices.ContainsFunc(in.process.Lines(), func(line launch.Line) bool { return name.MatchString(line.Text) })
	record.Noise = s.meter.noise(began, s.meter.now())
	s.add(ctx, record)
}
