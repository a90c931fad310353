package outbound

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
)

// destination is what a transport knows of one host, and how it treats it.
type destination struct {
	retries *retryBudget
	latency latencies
	network *budget.Network
	http2   atomic.Bool // it spoke that
	counts  counts
}

func (t *transport) newDestination() *destination {
	return &destination{retries: newRetryBudget(t.clock(time.Now())), network: budget.NewNetwork()}
}

// typical is what an attempt takes at the median; 0: not known. The way there and back is in it.
func (d *destination) typical(clock int64) time.Duration { return d.latency.summary(clock).p50 }

// heard takes in what an attempt came to, once its head is there or never will be.
func (d *destination) heard(a *attempt, r result, now time.Time) {
	c := a.call
	if c.policy.probe {
		return
	}
	clock, took := c.transport.clock(now), now.Sub(a.began)
	switch r.outcome { //nolint:exhaustive // the others say nothing about how long the dependency's work takes
	case answered, slow, spent:
		d.latency.observe(clock, took)
	}
	if r.response != nil {
		d.http2.Store(r.response.ProtoMajor == 2)
	}
	if r.outcome != answered {
		d.judge(a, r.outcome, clock)
	}
}

// ended takes in how an attempt ended.
func (d *destination) ended(a *attempt, o outcome, now time.Time) {
	if !a.call.policy.probe {
		d.judge(a, o, a.call.transport.clock(now))
	}
}

// judge says, once, what the attempt was worth.
func (d *destination) judge(a *attempt, o outcome, clock int64) {
	if !a.judged.CompareAndSwap(false, true) || o == gone || o == faulty {
		return
	}
	d.retries.settle(clock, a.number == 0 && a.call.inbound == 0, o.useful())
}

// mostDestinations are kept apart by a transport without a URL of its own; all others share one more.
const mostDestinations = 256

// destinations are the hosts that a transport calls. The first is found without a lock: nearly all have one.
type destinations struct {
	make  func() *destination
	first atomic.Pointer[named]

	mu     sync.Mutex
	others map[string]*destination
}

type named struct {
	host string
	*destination
}

// find returns the destination of a host, as it stands in a URL.
func (s *destinations) find(host string) *destination {
	if f := s.first.Load(); f != nil && f.host == host {
		return f.destination
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.Load() == nil {
		s.first.Store(&named{host, s.make()})
	}
	if f := s.first.Load(); f.host == host {
		return f.destination
	}
	if s.others == nil {
		s.others = map[string]*destination{}
	}
	if _, known := s.others[host]; !known && len(s.others) >= mostDestinations {
		host = ""
	}
	if s.others[host] == nil {
		s.others[host] = s.make()
	}
	return s.others[host]
}
