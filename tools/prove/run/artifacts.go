package run

import (
	"encoding/json"
	"fmt"
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
	Capacity *Capacity
	Loads    []Load
	Drains   []Drain
	Configs  []Config
	Skips    []Skip

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

// add files one line away. Kinds that this reader does not know are left out: a later minor tool may write more.
func (a *Artifacts) add(kind string, data json.RawMessage) error {
	switch kind {
	case "spec":
		var described Described
		return decode(kind, data, &described, func() { a.Spec = described.Spec })
	case "policy":
		var judged Judged
		return decode(kind, data, &judged, func() { a.Policy = judged.Policy })
	case "end":
		a.Complete = true
		return nil
	case "capacity":
		var capacity Capacity
		return decode(kind, data, &capacity, func() { a.Capacity = &capacity })
	case "skip":
		return collect(kind, data, &a.Skips)
	case "launch":
		return collect(kind, data, &a.Launches)
	case "waits":
		return collect(kind, data, &a.Waits)
	case "oversize":
		return collect(kind, data, &a.Oversize)
	case "hung":
		return collect(kind, data, &a.Hung)
	case "left":
		return collect(kind, data, &a.Left)
	case "health":
		return collect(kind, data, &a.Health)
	case "load":
		return collect(kind, data, &a.Loads)
	case "drain":
		return collect(kind, data, &a.Drains)
	case "config":
		return collect(kind, data, &a.Configs)
	}
	return nil
}

func collect[T any](kind string, data json.RawMessage, list *[]T) error {
	var item T
	return decode(kind, data, &item, func() { *list = append(*list, item) })
}

func decode(kind string, data json.RawMessage, into any, keep func()) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	keep()
	return nil
}
