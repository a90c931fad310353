package main

import (
	"slices"
	"strings"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
)

// contender is one who takes part.
type contender struct {
	name string
	make func(scenario) peers.Limiter
}

// everybody is who can take part, in the order of the table.
func everybody() []contender {
	return []contender{
		{"plimsoll", newPlimsoll(admission.Config{Mode: admission.Adaptive})},
		{"nothing", func(scenario) peers.Limiter { return peers.Nothing{} }},
		{"fixed", newFixed},
		{"failsafe", func(scenario) peers.Limiter { return peers.NewFailsafe() }},
		{"failsafe-prio", newFailsafePriority},
		{"gradient2", func(scenario) peers.Limiter { return peers.NewGradient2() }},
		// Virtual time keeps no processor busy: the gates of these two stand open.
		{"aegis", func(scenario) peers.Limiter { return peers.NewAegis(peers.Open) }},
		{"go-zero", func(scenario) peers.Limiter { return peers.NewGozero(peers.Open) }},
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

func newFixed(s scenario) peers.Limiter { return peers.NewFixed(s.slots) }

// newFailsafePriority has its own goroutine calibrate it, as a service would.
func newFailsafePriority(s scenario) peers.Limiter {
	limiter := peers.NewFailsafePriority()
	every(peers.Calibration, s.length(), limiter.Calibrate)
	return limiter
}
