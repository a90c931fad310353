// Package plimsoll runs an HTTP service that keeps its promises under load, in
// failure and across deploys, and says which ones.
//
// A service is plain Go: Main reads the configuration from the environment,
// calls a setup function that composes the service from net/http handlers, and
// serves it on two listeners, one public, one for health, metrics and the
// manifest. Deadlines, admission, limits, telemetry and the drain are on; each
// can be changed in plain sight, and package blueprint lists them.
//
// Wrap puts the same chain around an existing handler, and the packages below
// this one (budget, admission, outbound, health, telemetry) work alone.
package plimsoll

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/health"
	"github.com/plimsoll-go/plimsoll/internal/edge"
	"github.com/plimsoll-go/plimsoll/internal/intake"
	"github.com/plimsoll-go/plimsoll/internal/stream"
	"github.com/plimsoll-go/plimsoll/internal/tenant"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// RoutePolicer is a handler that knows the policies of its own routes, as a
// typed API does. One that says false gets the policy it was registered with.
type RoutePolicer interface {
	RoutePolicy(*http.Request) (route.Policy, bool)
}

// Service is one running service. Main, Run and Wrap make it; setup functions
// fill it. It is not to be changed once it serves.
type Service struct {
	name      string
	settings  settings
	variables []manifestVariable // of the service and of its own configuration
	options   options

	log       *slog.Logger
	telemetry *telemetry.Telemetry
	health    *health.Health
	admission *admission.Controller
	bodies    *intake.Pool
	streams   *stream.Pool
	tenants   *tenant.Keys
	budgets   *budget.Reader // of what callers allow

	// Once it listens:
	door        *edge.Listener
	connections int // public ones at once

	mux        *http.ServeMux
	entries    []*entry
	wrapped    *entry // the handler of Wrap; nil: there is none
	components []life.Component
	drain      *drain
}

// Wrap puts the chain around an existing handler, a router of any make
// included, with the settings of the environment. The service it returns is an
// http.Handler for the server of an existing main, and can Serve itself, which
// adds what a handler alone cannot keep: connection limits, the admin listener
// and the drain.
//
// Inside the handler everything is as before: the same request, whose path is
// neither cleaned nor redirected, the same context with a deadline, an
// http.ResponseWriter with Flush and http.ResponseController. Routes that stream
// are declared on top with Handle.
//
// The error is a *config.Error when the environment is wrong.
func Wrap(name string, h http.Handler, opts ...Option) (*Service, error) {
	o := newOptions(opts)
	var set settings
	if err := config.Load(o.processEnviron(), &set); err != nil {
		return nil, err
	}
	s, err := newService(name, set, o)
	if err != nil {
		return nil, err
	}
	s.describe(&set)
	s.Handle("/", h)
	s.wrapped = s.entries[0]
	return s, nil
}

// newService builds a service whose settings are valid. It listens nowhere.
func newService(name string, set settings, o options) (*Service, error) {
	s := &Service{name: name, settings: set, options: o, mux: http.NewServeMux(), drain: newDrain()}
	tel, err := telemetry.New(telemetry.Config{
		Service: name, Version: buildVersion(), Level: set.LogLevel, Output: o.output, Trusted: set.Trust.Contains,
	})
	if err != nil {
		return nil, fmt.Errorf("start telemetry: %w", err)
	}
	s.telemetry, s.log = tel, tel.Logger()
	mode, err := admission.ParseMode(set.Admission)
	if err != nil {
		return nil, err
	}
	s.admission, err = admission.New(admission.Config{Mode: mode, Kinds: true}) // what a route needs, the chain knows
	if err != nil {
		return nil, fmt.Errorf("start admission: %w", err)
	}
	if s.budgets, err = budget.NewReader(set.BudgetHeaders); err != nil {
		return nil, fmt.Errorf("PLIMSOLL_BUDGET_HEADERS: %w", err)
	}
	s.bodies = intake.NewPool(int64(set.BodyMemory))
	s.streams = stream.NewPool(set.MaxStreams)
	s.tenants = tenant.NewKeys(tenant.Rule(set.Tenant), set.Trust.Contains) // checked with the settings
	s.health = health.New(health.Config{Changed: s.componentChanged})
	return s, nil
}

// Handle serves the pattern of http.ServeMux with h, under the policy that the
// options describe. Like ServeMux it panics on a pattern that is malformed or
// conflicts with another.
func (s *Service) Handle(pattern string, h http.Handler, opts ...route.Option) {
	policy := route.New(opts...)
	if policy.Name == "" {
		policy.Name = pattern
	}
	e := &entry{service: s, pattern: pattern, handler: h, policy: policy, account: s.telemetry.Book().Account(policy.Name)}
	e.policer, _ = h.(RoutePolicer)
	if strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, "...}") { // whatever routes it has below are not known here
		e.account.Mix()
	}
	s.mux.Handle(pattern, e)
	s.entries = append(s.entries, e)
}

// HandleFunc is Handle for a function.
func (s *Service) HandleFunc(pattern string, h http.HandlerFunc, opts ...route.Option) {
	s.Handle(pattern, h, opts...)
}

// Add takes a component into the service's life: its readiness into /readyz,
// its Stop into the drain. It panics on a name that is empty or taken, since
// both would hide a component from whoever reads the readiness detail.
func (s *Service) Add(c life.Component) {
	if c.Name == "" {
		panic("plimsoll: a component needs a name")
	}
	for _, other := range s.components {
		if other.Name == c.Name {
			panic("plimsoll: two components are named " + c.Name)
		}
	}
	s.components = append(s.components, c)
	s.health.Add(c)
}

// faults are what makes components impossible: the service's code or environment
// is wrong, so it is told like any fault of the configuration.
func (s *Service) faults() error {
	var faults []config.Fault
	for _, c := range s.components {
		if c.Fault != nil {
			faults = append(faults, config.Fault{Problem: strings.ReplaceAll(c.Fault.Error(), "\n", "; ")})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &config.Error{Faults: faults}
}

// componentChanged logs why a component fails: readiness itself shows only the
// kind of failure, since anyone may read it.
func (s *Service) componentChanged(name string, err error) {
	if err != nil {
		s.log.Warn("a component is not ready", slog.String("component", name), slog.String("error", err.Error()))
		return
	}
	s.log.Info("a component is ready again", slog.String("component", name))
}

// Name is the service's name.
func (s *Service) Name() string { return s.name }

// Logger is the service's structured logger; records logged with a request's
// context carry its trace id.
func (s *Service) Logger() *slog.Logger { return s.log }

// Telemetry is the service's logs, traces and metrics.
func (s *Service) Telemetry() *telemetry.Telemetry { return s.telemetry }

// Admission is the controller that requests pass, for background work that
// must yield to them.
func (s *Service) Admission() *admission.Controller { return s.admission }

// Draining is closed when the drain begins.
func (s *Service) Draining() <-chan struct{} { return s.drain.begun }

// buildVersion is the main module's version, or its revision, from the build.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, kv := range info.Settings {
		if kv.Key == "vcs.revision" && len(kv.Value) >= 12 {
			return kv.Value[:12]
		}
	}
	return "devel"
}

// frameworkVersion is this module's version in the running binary.
func frameworkVersion() string {
	const path = "github.com/plimsoll-go/plimsoll"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if dep.Path == path && dep.Version != "" {
			return dep.Version
		}
	}
	return "devel"
}

// processEnviron is the environment unless an option replaced it.
func (o *options) processEnviron() []string {
	if o.environ != nil {
		return o.environ
	}
	return os.Environ()
}
