package fault

import (
	"errors"
	"fmt"
	"math"
	"net"
	"time"
)

// Config describes a sink. The zero value answers 200 to everything, at once,
// on a free loopback port.
type Config struct {
	// Addr to listen on. Empty: 127.0.0.1:0, a free port. The port stays reserved for the sink's life.
	Addr string

	// Epoch is where all times of the sink count from; it must carry a monotonic reading. Zero: when it was opened.
	Epoch time.Time

	// Capacity is how much work the sink can do. Zero: no limit, no service time.
	Capacity Capacity

	// Seed of the exponential service times.
	Seed uint64

	// Script decides about each call. Nil: the zero Behaviour, 200.
	Script Script

	// KeepWorking leaves a slot taken for its whole service time when the caller has left, as a dependency does that
	// cannot be cancelled. False: the slot is free at once.
	KeepWorking bool

	// Keep names further request headers that records hold, in any case. Nil: none.
	Keep []string

	// MaxRecords is how many calls are kept until Forget. 0: 250,000. Later calls are counted in Overflow.
	MaxRecords int

	// BodyBytes is how much of each body a record keeps, at most 64 MiB in all records. 0: 4 KiB. -1: nothing.
	BodyBytes int

	// MaxBody is the largest body read; a longer one ends the call as malformed. 0: 64 MiB.
	MaxBody int64

	// MaxConns is how many connections may be open; one more is reset. 0: 10,000.
	MaxConns int
}

// Capacity is how much work a sink can do at a time.
type Capacity struct {
	// Slots is how many calls are served at a time; the others wait in order of arrival. 0: no limit.
	Slots int

	// Service is how long a call holds its slot: exactly so, or on average when Exponential. 0: no time.
	Service time.Duration

	// Exponential draws each call's service time from the exponential distribution with mean Service, by seed and
	// order of arrival; it is cut at ten times the mean.
	Exponential bool
}

// Rate is the most calls a second the capacity allows, +Inf when there is no limit.
func (c Capacity) Rate() float64 {
	if c.Slots <= 0 || c.Service <= 0 {
		return math.Inf(1)
	}
	return float64(c.Slots) / c.Service.Seconds()
}

// service is the time that the call with this id holds its slot.
func (c Capacity) service(seed uint64, id int64) time.Duration {
	if !c.Exponential || c.Service <= 0 {
		return c.Service
	}
	factor := min(-math.Log(1-draw(seed, uint64(id))), 10)
	return time.Duration(factor * float64(c.Service))
}

const (
	maxKeptBodies = 64 << 20 // bytes of bodies in all records together
	maxHead       = 64 << 10 // bytes of a request line with its headers, and of a body's trailers
	pipelineDepth = 16       // requests read ahead of the one being answered
)

// Validate reports everything that is wrong with the configuration at once.
func (c Config) Validate() error {
	var faults []error
	if c.Addr != "" {
		if _, err := net.ResolveTCPAddr("tcp", c.Addr); err != nil {
			faults = append(faults, fmt.Errorf("addr: %w", err))
		}
	}
	if c.Capacity.Slots < 0 {
		faults = append(faults, fmt.Errorf("slots: %d is negative; 0 means no limit", c.Capacity.Slots))
	}
	if c.Capacity.Service < 0 {
		faults = append(faults, fmt.Errorf("service time: %v is negative", c.Capacity.Service))
	}
	if c.MaxRecords < 0 || c.MaxBody < 0 || c.MaxConns < 0 || c.BodyBytes < -1 {
		faults = append(faults, errors.New("limits must not be negative; 0 means the default"))
	}
	return errors.Join(faults...)
}

// withDefaults is the configuration with every zero replaced.
func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Epoch.IsZero() {
		c.Epoch = time.Now()
	}
	if c.MaxRecords == 0 {
		c.MaxRecords = 250_000
	}
	if c.BodyBytes == 0 {
		c.BodyBytes = 4 << 10
	}
	if c.MaxBody == 0 {
		c.MaxBody = 64 << 20
	}
	if c.MaxConns == 0 {
		c.MaxConns = 10_000
	}
	return c
}
