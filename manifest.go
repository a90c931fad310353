package plimsoll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/blueprint"
	"github.com/plimsoll-go/plimsoll/config"
)

// ManifestSchema is the version of the manifest's form. It grows when a field
// changes its meaning or goes; new fields alone do not change it.
const ManifestSchema = 1

// manifest is what a service says of itself: the guarantees it keeps and the
// numbers that are in force. The prover attacks exactly these.
type manifest struct {
	Schema     int                 `json:"schema"`
	Service    string              `json:"service"`
	Version    string              `json:"version"`
	Plimsoll   string              `json:"plimsoll"`
	Guarantees []manifestGuarantee `json:"guarantees"`
	Limits     manifestLimits      `json:"limits"`
	Load       admission.Snapshot  `json:"load"` // now
	Routes     []manifestRoute     `json:"routes"`
	Variables  []manifestVariable  `json:"variables"`
}

type manifestGuarantee struct {
	ID      blueprint.ID `json:"id"`
	Promise string       `json:"promise"`
	On      bool         `json:"on"`
	Default string       `json:"default"`
	Keeper  string       `json:"keeper"`
}

type manifestLimits struct {
	DeadlineMS      int64  `json:"deadline_ms"`
	HeaderTimeoutMS int64  `json:"header_timeout_ms"`
	IdleTimeoutMS   int64  `json:"idle_timeout_ms"`
	WriteStallMS    int64  `json:"write_stall_ms"`
	MaxHeaderBytes  int64  `json:"max_header_bytes"`
	MaxBodyBytes    int64  `json:"max_body_bytes"`
	BodyMemoryBytes int64  `json:"body_memory_bytes"`
	MaxConnections  int    `json:"max_connections"`
	MaxStreams      int    `json:"max_streams"`
	DrainLagMS      int64  `json:"drain_lag_ms"`
	DrainMS         int64  `json:"drain_ms"`
	GraceMS         int64  `json:"grace_ms"`
	Admission       string `json:"admission"`
	Tenant          string `json:"tenant"`

	BudgetHeaders []string `json:"budget_headers"` // in which a caller may say how long it waits
}

type manifestRoute struct {
	Pattern      string `json:"pattern"`
	BudgetMS     int64  `json:"budget_ms"`
	Class        string `json:"class"`
	StreamMS     int64  `json:"stream_ms"`
	MaxBodyBytes int64  `json:"max_body_bytes"`
	Gzip         bool   `json:"gzip"`
	ServerTiming bool   `json:"server_timing"` // also for callers outside the trust boundary
}

type manifestVariable struct {
	config.Variable
	Value string `json:"value"`
}

func (s *Service) serveManifest(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(s.manifest()) // the operator is gone if this fails
}

func (s *Service) manifest() manifest {
	set := &s.settings
	m := manifest{
		Schema: ManifestSchema, Service: s.name, Version: buildVersion(), Plimsoll: frameworkVersion(),
		Limits: manifestLimits{
			DeadlineMS: set.Deadline.Milliseconds(), HeaderTimeoutMS: set.HeaderTimeout.Milliseconds(),
			IdleTimeoutMS: set.IdleTimeout.Milliseconds(), WriteStallMS: set.WriteStall.Milliseconds(),
			MaxHeaderBytes: int64(set.MaxHeader), MaxBodyBytes: int64(set.MaxBody), BodyMemoryBytes: int64(set.BodyMemory),
			MaxConnections: s.connections, MaxStreams: set.MaxStreams, DrainLagMS: set.DrainLag.Milliseconds(), DrainMS: set.Drain.Milliseconds(),
			GraceMS: set.Grace.Milliseconds(), Admission: s.admission.Mode().String(), Tenant: set.Tenant,
			BudgetHeaders: s.budgets.Headers(),
		},
		Load:      s.admission.Snapshot(),
		Variables: s.variables,
	}
	for _, g := range blueprint.All() {
		if g.Keeper != "" {
			m.Guarantees = append(m.Guarantees, manifestGuarantee{ID: g.ID, Promise: g.Promise, On: s.keeps(g.ID), Default: g.Default, Keeper: g.Keeper})
		}
	}
	for _, e := range s.entries {
		m.Routes = append(m.Routes, s.manifestRoute(e))
	}
	return m
}

// keeps says whether a guarantee is in force: switching one off is visible here.
func (s *Service) keeps(id blueprint.ID) bool {
	switch id {
	case blueprint.LoadGoodput:
		return s.admission.Mode() == admission.Adaptive // another's number may be anything
	case blueprint.LoadShed, blueprint.LoadPriority, blueprint.LoadRecover, blueprint.LoadBounded:
		return s.admission.Mode() != admission.Off
	case blueprint.LoadFair:
		return s.admission.Mode() != admission.Off && s.tellsTenants()
	default:
		return true
	}
}

// tellsTenants says whether any route knows whose a request is.
func (s *Service) tellsTenants() bool {
	return s.settings.Tenant != "" || slices.ContainsFunc(s.entries, func(e *entry) bool { return e.policy.Tenant != nil })
}

func (s *Service) manifestRoute(e *entry) manifestRoute {
	p := e.policy
	r := manifestRoute{
		Pattern: e.pattern, Class: defaultClass(&p).String(), StreamMS: p.Stream.Milliseconds(),
		MaxBodyBytes: s.maxBodyOf(&p), Gzip: p.Gzip, ServerTiming: p.ServerTiming,
	}
	if p.Stream <= 0 {
		r.BudgetMS = s.limitOf(&p).Milliseconds()
	}
	return r
}

// describe keeps every variable with the value in force, credentials redacted,
// for the manifest, and warns of variables that look like ours and are not read.
func (s *Service) describe(into ...any) {
	environ := s.options.processEnviron()
	set := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	for _, v := range config.Describe(into...) {
		value := v.Default
		if raw := set[v.Name]; raw != "" {
			value = raw
			if v.Secret {
				value = "(set)"
			}
		}
		s.variables = append(s.variables, manifestVariable{Variable: v, Value: value})
	}
	for _, name := range config.Unknown(environ, into...) {
		s.log.Warn("an environment variable is set that nothing reads", slog.String("variable", name))
	}
}

// observe makes metrics of how full each resource is.
func (s *Service) observe() error {
	meter := s.telemetry.Meter()
	var faults []error
	gauge := func(name, unit, help string, read func() int64) {
		_, err := meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error { o.Observe(read()); return nil }))
		faults = append(faults, err)
	}
	state := func(name, unit, help string, read func(admission.Snapshot) float64) {
		_, err := meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help),
			metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
				o.Observe(read(s.admission.Snapshot()))
				return nil
			}))
		faults = append(faults, err)
	}
	counter := func(name, unit, help string, read func() int64) {
		_, err := meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(help),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error { o.Observe(read()); return nil }))
		faults = append(faults, err)
	}
	gauge("plimsoll.admission.limit", "{permit}", "Permits at once; 0 when admission is off.", func() int64 { return int64(s.admission.Snapshot().Limit) })
	gauge("plimsoll.admission.in_flight", "{permit}", "Permits that are out.", func() int64 { return int64(s.admission.InFlight()) })
	gauge("plimsoll.admission.queued", "{request}", "Requests that wait for a permit.", func() int64 { return queued(s.admission.Snapshot()) })
	state("plimsoll.admission.capacity", "{request}/s", "Useful work a second, when last more was asked for; 0 until then.", func(a admission.Snapshot) float64 { return a.Capacity })
	state("plimsoll.admission.cpu.wait", "s", "Wait for a processor, of nine in ten at most.", func(a admission.Snapshot) float64 { return a.CPU.Wait.Seconds() })
	state("plimsoll.admission.cpu.limit", "{permit}", "Permits at once for want of processors; 0: no fewer than otherwise.", func(a admission.Snapshot) float64 { return float64(a.CPU.Limit) })
	state("plimsoll.admission.memory.full", "1", "Share of the memory limit that cannot be freed; 0 without a limit.", func(a admission.Snapshot) float64 { return a.Memory.Full })
	gauge("plimsoll.streams.open", "{stream}", "Open streams.", s.streams.Open)
	gauge("plimsoll.streams.limit", "{stream}", "Streams at once.", s.streams.Most)
	gauge("plimsoll.connections.open", "{connection}", "Open public connections.", s.door.Open)
	gauge("plimsoll.connections.limit", "{connection}", "Public connections at once.", func() int64 { return int64(s.connections) })
	gauge("plimsoll.bodies.held", "By", "Memory held by request bodies.", s.bodies.Held)
	gauge("plimsoll.bodies.limit", "By", "Memory that request bodies may hold together.", func() int64 { return int64(s.settings.BodyMemory) })
	counter("plimsoll.connections.refused", "{connection}", "Connections over the limit, answered 503 and closed.", s.door.Refused)
	_, err := meter.Int64ObservableCounter("plimsoll.budget.malformed", metric.WithUnit("{value}"), metric.WithDescription("Values of budget headers that were not understood, and ignored."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for header, n := range s.budgets.Malformed {
				o.Observe(n, metric.WithAttributes(attribute.String("header", header)))
			}
			return nil
		}))
	if err := errors.Join(append(faults, err)...); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

func queued(snapshot admission.Snapshot) int64 {
	n := 0
	for _, w := range snapshot.Queue {
		n += w.Count
	}
	return int64(n)
}
