package run

import (
	"encoding/json"
	"time"
)

// Version is the version of the format. A reader takes no other.
const Version = 1

// format is how a run file introduces itself.
const format = "plimsoll-run"

// Header is the first line of a run file.
type Header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Tool    string    `json:"tool"` // the version of plimsoll that made it
	Started time.Time `json:"started"`
	Dir     string    `json:"dir"` // the service's folder as it was named
	Service string    `json:"service"`
	Stack   string    `json:"stack,omitempty"` // what it seems to be written with; "": not known
	Seed    int64     `json:"seed"`
	Only    []string  `json:"only,omitempty"` // the checks that were asked for; none: all
	Host    Host      `json:"host"`
}

// Host is the machine that the run was made on.
type Host struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

// Record is an artifact: one line of a run file. The set is closed; Artifacts has a place for each.
type Record interface{ kind() string }

// Described is the service as plimsoll.yaml described it.
type Described struct {
	Spec json.RawMessage `json:"spec"`
}

// Judged is the policy that the run was planned by.
type Judged struct {
	Policy json.RawMessage `json:"policy"`
}

// End is the last line of a complete run.
type End struct {
	After time.Duration `json:"after_ns"`
}

// Done says that everything that a check needs has been tried.
type Done struct {
	Check string `json:"check"`
}

// Skip says why an experiment left no artifacts.
type Skip struct {
	Experiment string `json:"experiment"`
	Reason     string `json:"reason"` // coded, see the check package
	Detail     string `json:"detail"` // one sentence
}

// Noise is how calm the machine was while something was measured.
type Noise struct {
	Lag     time.Duration `json:"lag_ns"`        // 99th percentile of how late the prover's own clock ticks came
	Worst   time.Duration `json:"worst_ns"`      // the latest tick
	Foreign float64       `json:"foreign_cores"` // processors that neither the prover nor the service used, but others did
	Spare   float64       `json:"spare_cores"`   // processors that nobody used
	Used    float64       `json:"used_cores"`    // processors that the service used
	Waited  float64       `json:"waited_cores"`  // threads of the service that were ready to run and had no processor, on average
}

// Launch is one start of the service.
type Launch struct {
	Instance string        `json:"instance"` // what it was started for
	Ready    bool          `json:"ready"`
	After    time.Duration `json:"after_ns"` // until it was ready, or until it was given up
	Problem  string        `json:"problem,omitempty"`
	Output   []string      `json:"output,omitempty"` // its last lines, when it did not become ready
}

func (Described) kind() string { return "spec" }
func (Judged) kind() string    { return "policy" }
func (End) kind() string       { return "end" }
func (Done) kind() string      { return "done" }
func (Skip) kind() string      { return "skip" }
func (Launch) kind() string    { return "launch" }
