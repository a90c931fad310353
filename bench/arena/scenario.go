package main

import "time"

// scenario is one service and the load it is put under, described without
// reference to any limiter.
type scenario struct {
	name string

	slots  int           // what the backend works on at once; the rest waits there, first come first served
	work   distribution  // slot time of one request
	pipe   time.Duration // further time each request takes without holding a slot
	budget time.Duration // a client's patience, from its arrival

	classes  mix
	tenants  tenantry
	attempts int // a client's attempts, the first included; 0: one

	leave float64 // the share of clients that leave at mid-work
	jobs  bool    // the lowest class is background work, and the others are requests

	parts []part
}

// part is a stretch of time in which nothing changes. Goodput is compared with
// what is possible part by part.
type part struct {
	length   time.Duration
	load     float64       // arrivals as a multiple of what the slots can do at slow = 1
	slow     float64       // work takes so many times as long; 0: 1
	frozen   bool          // nothing moves at all: a pause of the whole backend
	mark     bool          // what the limit was before and after is compared
	pipe     time.Duration // added to the scenario's
	work     distribution  // instead of the scenario's, when set
	unscored bool          // warm-up: it counts for no figure
	cold     bool          // the first seconds after a start, a figure of its own
	after    bool          // after a trouble has ended: the recovery figure
}

// capacity is how many requests a second the slots can do at slow = 1.
func (s scenario) capacity() float64 { return float64(s.slots) / s.work.mean().Seconds() }

func (s scenario) length() (total time.Duration) {
	for _, p := range s.parts {
		total += p.length
	}
	return total
}

// mix is the share of each class among arrivals, lowest class first.
type mix [4]float64

// tenantry is who sends: nobody in particular, or one heavy tenant and a number
// of light ones that share the rest equally.
type tenantry struct {
	light int     // 0: no tenants
	heavy float64 // the heavy one's share of arrivals
}
