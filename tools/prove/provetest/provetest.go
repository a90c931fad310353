package provetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/attack"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest/fixture"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

const (
	fixtureVariable = "PROVETEST_FIXTURE" // makes a test program the fixture
	hogVariable     = "PROVETEST_HOG"     // makes it use a processor until its standard input ends
)

// Main runs a test program, or the guard, the fixture or a hog when it was started as that. It does not return.
func Main(tests func() int) {
	switch {
	case os.Getenv(hogVariable) != "":
		hog()
	case len(os.Args) > 1 && os.Args[1] == launch.GuardArgument:
		os.Exit(launch.Guard(os.Args[2:]))
	case os.Getenv(fixtureVariable) != "":
		os.Exit(fixture.Main())
	}
	os.Exit(tests())
}

// Service describes the fixture with one promise broken; "" breaks none. The numbers that it is attacked by are small,
// so that a verdict takes a second or two.
func Service(broken fixture.Break) *spec.Service {
	ms := func(n int) *time.Duration { d := time.Duration(n) * time.Millisecond; return &d }
	memory := policy.Size(16 << 20)
	service := &spec.Service{
		Name: "fixture", Run: spec.Command{os.Args[0]},
		Env:    map[string]string{fixtureVariable: "1", fixture.BreakVariable: string(broken)},
		Listen: spec.Listener{Env: fixture.PortVariable, Value: "{{port}}"},
		Health: spec.Health{Live: "/livez", Ready: "/readyz", Port: "service"},
		Operations: []spec.Operation{
			{Name: "quote", Kind: spec.Idempotent, Deps: []string{"rates"}, Request: spec.Request{
				Method: "POST", Path: "/quotes", Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"from":"{{unique}}","to":"EUR"}`}},
			{Name: "read", Kind: spec.Read, Deps: []string{"rates"}, Request: spec.Request{Method: "GET", Path: "/quotes/{{unique}}"}},
			{Name: "ping", Kind: spec.Read, Request: spec.Request{Method: "GET", Path: "/ping"}},
		},
		Deps: []spec.Dependency{{Name: "rates", Env: fixture.DepVariable, Value: "{{url}}", Kind: "http", Respond: []spec.Response{
			{Path: "/rates", Status: 200, Body: `{"rate":{{n}}}`}, {Path: "/healthz", Status: 200},
		}}},
		Config: spec.Config{Required: []string{fixture.DepVariable}},
		Limits: policy.Numbers{
			Header: ms(1000), Body: ms(1200), IdleMin: ms(500), IdleMax: ms(2500), Memory: &memory,
			Deadline: ms(1000), Cancel: ms(250), Recover: ms(1500), ReadyOff: ms(500), Exit: ms(2000),
			BreakerOpen: ms(700), Return: ms(600),
			HealthFlip: ms(1000), HealthAnswer: ms(1000), ConfigExit: ms(2000),
		},
		Attack: policy.Standard().Plan,
	}
	plan := &service.Attack
	plan.Connections, plan.Drip, plan.IdleWatch = 4, 100*time.Millisecond, 10*time.Second
	plan.Cancels, plan.Oversize = 20, 64<<20
	plan.Slots, plan.Hold, plan.Window = 4, 20*time.Millisecond, 900*time.Millisecond
	plan.Ordinary, plan.Warm, plan.Broken, plan.Mended = 60, 600*time.Millisecond, 600*time.Millisecond, 1800*time.Millisecond
	plan.Flap = 400 * time.Millisecond
	plan.DrainTraffic, plan.DrainRate = 500*time.Millisecond, 100
	return service
}

// Run attacks a service with the named checks and returns what was recorded and by which policy to judge it.
func Run(tb testing.TB, service *spec.Service, checks ...string) (*run.Artifacts, policy.Policy) {
	tb.Helper()
	session, err := attack.Open(context.Background(), attack.Options{
		Dir: tb.TempDir(), Service: service, Only: checks, Seed: 1, Tool: "test",
		File: filepath.Join(tb.TempDir(), "test.plm"), Say: func(text string) { tb.Log(text) },
	})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	defer session.Close()
	if err := session.Attack(context.Background()); err != nil {
		tb.Fatalf("attack: %v", err)
	}
	if err := session.Finish(context.Background()); err != nil {
		tb.Fatalf("finish: %v", err)
	}
	return session.Artifacts(), session.Policy()
}

// Judge runs one check on a service and returns its finding.
func Judge(tb testing.TB, service *spec.Service, id string) check.Finding {
	tb.Helper()
	artifacts, judged := Run(tb, service, id)
	c, ok := check.Find(id)
	if !ok {
		tb.Fatalf("there is no check %q", id)
	}
	return c.Eval(artifacts, judged)
}
