package run

import (
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// Capacity is what the service does when its dependency is the bottleneck.
type Capacity struct {
	Operation string        `json:"operation"`
	Rate      float64       `json:"rate"` // good answers per second
	Slots     int           `json:"slots"`
	Hold      time.Duration `json:"hold_ns"`
	Ceiling   float64       `json:"ceiling"` // Slots / Hold: what the dependency can serve
	Steps     []Step        `json:"steps"`
	Noise     Noise         `json:"noise"`
	Problem   string        `json:"problem,omitempty"`
}

// Step is one concurrency that was tried.
type Step struct {
	Workers int     `json:"workers"`
	Rate    float64 `json:"rate"`
	Bad     int     `json:"bad"` // answers that were no success
}

// The parts of an overload block.
const (
	Base   = "base"   // offered: the capacity
	Attack = "attack" // offered: a multiple of it
	Quiet  = "quiet"  // offered: half of it, after the attack
)

// Load is one stretch of open-loop traffic.
type Load struct {
	Part     string        `json:"part"`
	Multiple float64       `json:"multiple"` // of the capacity, that the block is about
	Block    int           `json:"block"`
	Offered  float64       `json:"offered"`   // requests per second
	Warmup   time.Duration `json:"warmup_ns"` // the first part, which is not judged
	Result   load.Result   `json:"result"`
	Noise    Noise         `json:"noise"`
}

// Fitness is what this machine could measure just before load was offered.
type Fitness struct {
	load.Fitness
}

func (Capacity) kind() string { return "capacity" }
func (Load) kind() string     { return "load" }
func (Fitness) kind() string  { return "fitness" }
