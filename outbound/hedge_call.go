package outbound

import "time"

// soonestHedge is the time below which a timer and a second attempt gain nothing.
const soonestHedge = time.Millisecond

// hedgeAfter is when an attempt is to be hedged, if it may be.
func (c *call) hedgeAfter(number int, clock int64, s latencySummary) (time.Duration, bool) {
	if !c.transport.config.Hedge || number > 0 || c.inbound > 0 || !c.safe || c.policy != (policy{}) || !c.body.possible() || c.transport.config.Attempts < 2 {
		return 0, false
	}
	after, ok := c.destination.hedging.after(clock, s)
	return max(after, soonestHedge), ok
}

// hedgeLocked starts a second attempt beside one that takes long, if that is paid for. The attempt is locked.
func (a *attempt) hedgeLocked() {
	c := a.call
	clock := c.transport.clock(time.Now())
	if !c.destination.hedging.take(clock) || !c.destination.retries.take(clock) {
		return
	}
	a.rival = make(chan result, 1)
	c.transport.hedges.Add(1)
	c.sent++
	go c.hedge(a, c.sent-1)
}

// hedge is the second attempt. The first to be answered is the call's: if that is this one, the other is cancelled,
// since its caller waits in it. If it is the other, this one is given the time that nineteen of twenty take before it is
// cancelled: on HTTP/1.1 cancelling costs a connection.
func (c *call) hedge(first *attempt, number int) {
	defer c.transport.hedges.Done()
	r := result{outcome: gone}
	if a, err := c.admit(number); err == nil {
		c.destination.counts.hedges[hedgeSent].Add(1)
		first.mu.Lock()
		lost := first.phase != waiting
		first.second = a
		first.mu.Unlock()
		if lost {
			a.lose()
		}
		r = a.send()
	}
	first.mu.Lock()
	lost := first.phase != waiting
	if !lost && r.outcome == answered && first.Context.Err() == nil {
		c.destination.counts.hedges[hedgeWon].Add(1)
		first.cancel(errOutrun)
	}
	if !lost {
		first.rival <- r
	}
	first.mu.Unlock()
	if lost {
		r.discard()
	}
}

// lose gives an attempt that nobody waits for any more a while to end by itself.
func (a *attempt) lose() {
	c := a.call
	s := c.destination.latency.summary(c.transport.clock(time.Now()))
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase == waiting {
		a.lost = true
		a.alarm.timer.Reset(min(s.p95, time.Until(c.deadline)))
	}
}

// against settles an attempt's result with that of its hedge, if it has one: it returns that if it is better, and true.
func (a *attempt) against(useful bool) (result, bool) {
	a.mu.Lock()
	beaten := a.Context.Err() != nil
	rival, second := a.rival, a.second
	if useful && !beaten {
		a.phase = headed
	}
	a.mu.Unlock()
	switch {
	case rival == nil:
		return result{}, false
	case useful && !beaten:
		if second != nil {
			second.lose()
		}
		return result{}, false
	}
	r := <-rival // within the call's time, as any attempt
	if r.outcome == answered {
		return r, true
	}
	r.discard()
	return result{}, false
}
