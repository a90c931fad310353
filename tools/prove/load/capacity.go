package load

import (
	"context"
	"time"
)

// Finder looks for the capacity of a service.
type Finder struct {
	Target   string // host:port
	Mix      []Request
	Within   time.Duration // for everything; 0: 30 s. 10 s is enough for a service that answers within 100 ms
	Deadline time.Duration // a client's patience; 0: 10 s
	Seed     uint64
	Most     float64      // requests a second that may be asked for (half of what SelfTest found); 0: 5,000
	Say      func(string) // progress, a line at a time; nil: nobody listens
}

// Capacity is the rate up to which a service does what it is asked.
type Capacity struct {
	Rate        float64       `json:"rate"`        // requests a second, confirmed by an open-loop run unless Confirmed is false
	Confirmed   bool          `json:"confirmed"`   // ≥ 99 % good, p99 ≤ 5 × unloaded p50 … in every valid window
	Limited     bool          `json:"limited"`     // the generator's limit (Most) was reached, not the service's
	Unloaded    time.Duration `json:"unloaded"`    // median latency of one client alone
	UnloadedP99 time.Duration `json:"unloadedP99"` // its p99
	Levels      []Level       `json:"levels"`      // closed loop
	Trials      []Trial       `json:"trials"`      // open loop
}

// Level is one concurrency of the closed loop.
type Level struct {
	Clients int           `json:"clients"`
	Rate    float64       `json:"rate"` // OK a second
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
	Counts  Counts        `json:"counts"`
}

// Trial is one rate of the open loop.
type Trial struct {
	Rate    float64       `json:"rate"`
	Windows []TrialWindow `json:"windows"`
	Held    bool          `json:"held"`
}

// TrialWindow is one window of a trial.
type TrialWindow struct {
	Goodput  float64       `json:"goodput"`
	Good     float64       `json:"good"` // part of the requests that were OK
	P99      time.Duration `json:"p99"`
	Validity Validity      `json:"validity"`
}

// FindCapacity looks for the highest rate that a service keeps up with.
func FindCapacity(ctx context.Context, f Finder) (Capacity, error) { return Capacity{}, nil }
