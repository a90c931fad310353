package run

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// Artifacts is everything that a run file holds, by kind, each kind in the order in which it was written.
type Artifacts struct {
	Header   Header
	Spec     json.RawMessage
	Policy   json.RawMessage // the last one that was written
	Launches []Launch
	Waits    []Waits
	Oversize []Oversize
	Hung     []Hung
	Left     []Left
	Health   []Health
	Outages  []Outage
	Budgets  []Budgets
	Repeats  []Repeats
	Stale    []Stale
	Fitness  *load.Fitness
	Capacity *Capacity
	Loads    []Load
	Drains   []Drain
	Configs  []Config
	Skips    []Skip
	Done     []string // checks for which everything has been tried

	Complete bool // the run came to its end
	Cut      bool // the file ends inside a line
}

// Skipped returns why an experiment left nothing, if it said so.
func (a *Artifacts) Skipped(experiment string) (Skip, bool) {
	for _, skip := range a.Skips {
		if skip.Experiment == experiment {
			return skip, true
		}
	}
	return Skip{}, false
}

// Tried reports whether everything that a check needs has been tried.
func (a *Artifacts) Tried(check string) bool { return a.Complete || slices.Contains(a.Done, check) }

// Append files a record away, as reading it from a file would.
func (a *Artifacts) Append(record Record) {
	switch r := record.(type) {
	case Described:
		a.Spec = r.Spec
	case Judged:
		a.Policy = r.Policy
	case Capacity:
		a.Capacity = &r
	case Done:
		a.Done = append(a.Done, r.Check)
	case Skip:
		a.Skips = append(a.Skips, r)
	case Launch:
		a.Launches = append(a.Launches, r)
	case Waits:
		a.Waits = append(a.Waits, r)
	case Oversize:
		a.Oversize = append(a.Oversize, r)
	case Hung:
		a.Hung = append(a.Hung, r)
	case Left:
		a.Left = append(a.Left, r)
	case Health:
		a.Health = append(a.Health, r)
	case Outage:
		a.Outages = append(a.Outages, r)
	case Budgets:
		a.Budgets = append(a.Budgets, r)
	case Repeats:
		a.Repeats = append(a.Repeats, r)
	case Stale:
		a.Stale = append(a.Stale, r)
	case Fitness:
		a.Fitness = &r.Fitness
	case Load:
		a.Loads = append(a.Loads, r)
	case Drain:
		a.Drains = append(a.Drains, r)
	case Config:
		a.Configs = append(a.Configs, r)
	case End:
		a.Complete = true
	}
}

// add reads one line. Kinds that this reader does not know are left out: a later tool of the same version may write more.
func (a *Artifacts) add(kind string, data json.RawMessage) error {
	read, known := readers()[kind]
	if !known {
		return nil
	}
	record, err := read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	a.Append(record)
	return nil
}

// readers has an entry for every kind of record.
func readers() map[string]func(json.RawMessage) (Record, error) {
	all := make(map[string]func(json.RawMessage) (Record, error))
	enlist[Described](all)
	enlist[Judged](all)
	enlist[Capacity](all)
	enlist[Done](all)
	enlist[Skip](all)
	enlist[Launch](all)
	enlist[Waits](all)
	enlist[Oversize](all)
	enlist[Hung](all)
	enlist[Left](all)
	enlist[Health](all)
	enlist[Outage](all)
	enlist[Budgets](all)
	enlist[Repeats](all)
	enlist[Stale](all)
	enlist[Fitness](all)
	enlist[Load](all)
	enlist[Drain](all)
	enlist[Config](all)
	enlist[End](all)
	return all
}

func enlist[R Record](all map[string]func(json.RawMessage) (Record, error)) {
	var zero R
	all[zero.kind()] = func(data json.RawMessage) (Record, error) {
		var record R
		err := json.Unmarshal(data, &record)
		return record, err
	}
}
