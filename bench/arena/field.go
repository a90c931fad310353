package main

import (
	"slices"
	"strings"

	"github.com/plimsoll-go/plimsoll/admission"
)

// contender is one who takes part.
type contender struct {
	name string
	make func(scenario) limiter
}

// everybody is who can take part, in the order of the table.
func everybody() []contender {
	return []contender{
		{"plimsoll", newPlimsoll(admission.Config{Mode: admission.Adaptive})},
		{"nothing", func(scenario) limiter { return nothing{} }},
		{"fixed", newFixed},
		{"failsafe", newFailsafe},
		{"failsafe-prio", newFailsafePriority},
		{"gradient2", newGradient2},
		{"aegis", newAegis},
		{"go-zero", newGozero},
	}
}

// field are the named ones of everybody and of the ablations, or everybody.
func field(names string) []contender {
	all := everybody()
	if names == "" {
		return all
	}
	all = append(all, ablations()...)
	return slices.DeleteFunc(all, func(c contender) bool { return !slices.Contains(strings.Split(names, ","), c.name) })
}
