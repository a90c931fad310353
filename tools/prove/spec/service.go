package spec

import (
	"encoding/json"
	"errors"

	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
)

// Service is a service as its plimsoll.yaml describes it, with the defaults filled in.
type Service struct {
	Name       string            `yaml:"name" json:"name"`
	Build      string            `yaml:"build" json:"build,omitempty"`
	Run        Command           `yaml:"run" json:"run"`
	Env        map[string]string `yaml:"env" json:"env,omitempty"`
	Listen     Listener          `yaml:"listen" json:"listen"`
	Admin      *Listener         `yaml:"admin" json:"admin,omitempty"`
	Health     Health            `yaml:"health" json:"health"`
	Operations []Operation       `yaml:"operations" json:"operations"`
	Deps       []Dependency      `yaml:"deps" json:"deps,omitempty"`
	Budget     Budget            `yaml:"budget" json:"budget"`
	Config     Config            `yaml:"config" json:"config"`
	Limits     policy.Numbers    `yaml:"limits" json:"limits"`
	Attack     policy.Plan       `yaml:"attack" json:"attack"`
}

// Command is an argument vector. In YAML it is a list, or a line that sh runs as its own process.
type Command []string

// UnmarshalYAML reads either form.
func (c *Command) UnmarshalYAML(decode func(any) error) error {
	var list []string
	if decode(&list) == nil {
		*c = list
		return nil
	}
	var line string
	if err := decode(&line); err != nil {
		return errors.New(`"run" is neither a command line nor a list of arguments; write run: ./service, or run: [./service, -v]`)
	}
	if line != "" {
		*c = Command{"/bin/sh", "-c", "exec " + line}
	}
	return nil
}

// Listener is one address that the service is told by an environment variable.
type Listener struct {
	Env   string `yaml:"env" json:"env"`
	Value string `yaml:"value" json:"value"`
}

// Health says where the service tells how it is. An empty path means that it does not.
type Health struct {
	Live  string `yaml:"live" json:"live,omitempty"`
	Ready string `yaml:"ready" json:"ready,omitempty"`
	Port  string `yaml:"port" json:"port"` // "admin" or "service"
}

// Kind says what an operation does to the service's state.
type Kind string

// The kinds of operations.
const (
	Read       Kind = "read"
	Write      Kind = "write"
	Idempotent Kind = "idempotent" // a write that may be repeated
)

// Operation is one thing that clients do.
type Operation struct {
	Name    string   `yaml:"name" json:"name"`
	Request Request  `yaml:"request" json:"request"`
	Kind    Kind     `yaml:"kind" json:"kind"`
	Deps    []string `yaml:"deps" json:"deps,omitempty"`
	Setup   string   `yaml:"setup" json:"setup,omitempty"`
}

// Request is the template of an HTTP request.
type Request struct {
	Method  string            `yaml:"method" json:"method"`
	Path    string            `yaml:"path" json:"path"`
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	Body    string            `yaml:"body" json:"body,omitempty"`
}

// Dependency is something that the service calls and the prover plays.
type Dependency struct {
	Name    string     `yaml:"name" json:"name"`
	Env     string     `yaml:"env" json:"env"`
	Value   string     `yaml:"value" json:"value"`
	Kind    string     `yaml:"kind" json:"kind"`
	Soft    bool       `yaml:"soft" json:"soft,omitempty"`
	Respond []Response `yaml:"respond" json:"respond,omitempty"`
}

// Response is what the dependency answers to requests that match. An empty method matches all.
type Response struct {
	Method  string            `yaml:"method" json:"method,omitempty"`
	Path    string            `yaml:"path" json:"path"`
	Status  int               `yaml:"status" json:"status"`
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	Body    string            `yaml:"body" json:"body,omitempty"`
}

// Config says which environment the service cannot live with.
type Config struct {
	Required  []string          `yaml:"required" json:"required,omitempty"`
	Malformed map[string]string `yaml:"malformed" json:"malformed,omitempty"`
}

// Operation returns the operation with the name.
func (s *Service) Operation(name string) (Operation, bool) {
	for _, op := range s.Operations {
		if op.Name == name {
			return op, true
		}
	}
	return Operation{}, false
}

// Calling returns the first operation that the predicate accepts among those that call a dependency.
func (s *Service) Calling(accept func(Operation) bool) (Operation, bool) {
	for _, op := range s.Operations {
		if len(op.Deps) > 0 && accept(op) {
			return op, true
		}
	}
	return Operation{}, false
}

// Policy is the standard policy under what plimsoll.yaml says.
func (s *Service) Policy() policy.Policy {
	p := policy.Standard()
	p.Apply(policy.Spec, s.Limits)
	p.Plan = s.Attack
	return p
}

// Encode writes the service for a run file.
func (s *Service) Encode() (json.RawMessage, error) { return json.Marshal(s) }
