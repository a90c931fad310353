//go:build ablation

package main

import (
	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
)

// parts are the controller without one of the parts that no configuration takes
// away.
func parts() []contender {
	var all []contender
	for _, name := range []string{"doomed-test", "search", "time-left", "breaker"} {
		all = append(all, contender{"no-" + name, func(scenario) peers.Limiter {
			c, err := admission.NewWithout(admission.Config{Mode: admission.Adaptive, CPU: admission.Unwatched, Memory: admission.Unwatched}, name)
			if err != nil {
				panic(err) // the names are constants
			}
			return plimsoll{c}
		}})
	}
	return all
}
