package budget

import (
	"sync/atomic"
	"time"
)

// What the way to a destination and back is taken to cost.
const (
	// DefaultNetwork is it while fewer than 8 calls were measured.
	DefaultNetwork = time.Millisecond

	// networkShare is the most that is kept for it, as a part of the budget: 1/10.
	networkShare = 10

	networkWindow = time.Minute
	networkBelief = 8           // calls before they are believed
	networkDue    = time.Second // how often the estimate is made anew
)

// Network measures what the way to one destination and back costs: the time that the caller saw until the head of the
// answer was there, less the time that the destination says it took (Server-Timing: app;dur). Both are durations, each
// by one clock, so no two clocks are compared. What is published is the 90th percentile of the last minute.
//
// Make it with NewNetwork, one for each destination. It may be used by many goroutines; nothing is allocated.
type Network struct {
	begun   time.Time
	seen    digest
	due     atomic.Int64 // when to estimate again, in ns since begun
	typical atomic.Int64 // ns; 0: not known
}

// NewNetwork makes the measure of one destination.
func NewNetwork() *Network {
	return &Network{begun: time.Now(), seen: digest{width: networkWindow / slots}}
}

// Observe takes in one call that has its answer: how long the caller waited for its head until now, and what the
// destination says it took. A claim that is longer than the call is not believed.
func (n *Network) Observe(now time.Time, waited, took time.Duration) {
	if n == nil || took < 0 || took > waited {
		return
	}
	at := now.Sub(n.begun)
	n.seen.add(at, waited-took, 0)
	due := n.due.Load()
	if int64(at) < due && n.typical.Load() != 0 || !n.due.CompareAndSwap(due, int64(at+networkDue)) {
		return
	}
	if s := n.seen.read(at); s.count >= networkBelief {
		n.typical.Store(int64(s.above(0.9)))
	}
}

// Of returns what to keep of a budget for the way there and back: DefaultNetwork while little is known, also on nil,
// and never more than a tenth of the budget, or a destination that claims to take no time could take all of it.
func (n *Network) Of(budget time.Duration) time.Duration {
	d := DefaultNetwork
	if n != nil {
		if typical := n.typical.Load(); typical > 0 {
			d = time.Duration(typical)
		}
	}
	return min(d, max(0, budget)/networkShare)
}
