package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
)

// contender is one who takes part.
type contender struct {
	name string

	// warmUp is how long it needs before it looks at all, when the work is
	// the processor's; 0: no longer than anybody.
	warmUp time.Duration

	// start serves the job in this process and returns the address, and its
	// controller if it is Plimsoll's. What it writes goes to log.
	start func(j job, b *bench, log io.Writer) (addr string, c *admission.Controller, err error)
}

// everybody is who can take part, in the order of the tables.
func everybody() []contender {
	return []contender{
		{name: "plimsoll", start: startMiddleware},
		{name: "service", start: startService},
		{name: "nothing", start: limited(func(job) peers.Limiter { return peers.Nothing{} })},
		{name: "fixed", start: limited(func(j job) peers.Limiter { return peers.NewFixed(max(j.Workload.Slots, 1)) })},
		{name: "failsafe", start: limited(func(job) peers.Limiter { return peers.NewFailsafe() })},
		{name: "failsafe-prio", start: limited(newFailsafePriority)},
		{name: "gradient2", start: limited(func(job) peers.Limiter { return peers.NewGradient2() })},
		// Their gates open when the processor has been busy for 12 and 16 s.
		{name: "aegis", start: limited(func(job) peers.Limiter { return peers.NewAegis(peers.Shipped) }), warmUp: 17 * time.Second},
		{name: "go-zero", start: limited(func(job) peers.Limiter { return peers.NewGozero(peers.Shipped) }), warmUp: 13 * time.Second},
	}
}

// field are the named ones of everybody, or everybody.
func field(names string) []contender {
	all := everybody()
	if names == "" {
		return all
	}
	return slices.DeleteFunc(all, func(c contender) bool { return !slices.Contains(strings.Split(names, ","), c.name) })
}

// newFailsafePriority has its own goroutine calibrate it, as a service would.
func newFailsafePriority(job) peers.Limiter {
	limiter := peers.NewFailsafePriority()
	go func() { // for the life of the process
		for range time.Tick(peers.Calibration) {
			limiter.Calibrate()
		}
	}()
	return limiter
}
