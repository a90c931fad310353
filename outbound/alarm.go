package outbound

import (
	"sync"
	"sync/atomic"
	"time"
)

// alarms are the timers of a transport's attempts. Nearly all are stopped before their time, and used again: a timer of
// its own for each attempt would be two allocations.
type alarms struct{ pool sync.Pool }

// alarm wakes one attempt.
type alarm struct {
	timer *time.Timer
	wakes atomic.Pointer[attempt]
}

// set wakes the attempt after d.
func (p *alarms) set(a *attempt, d time.Duration) *alarm {
	if al, ok := p.pool.Get().(*alarm); ok {
		al.wakes.Store(a)
		al.timer.Reset(d)
		return al
	}
	al := &alarm{}
	al.wakes.Store(a)
	al.timer = time.AfterFunc(d, func() {
		if a := al.wakes.Load(); a != nil {
			a.wake()
		}
	})
	return al
}

// stop ends the alarm. One that is just going off is not used again.
func (p *alarms) stop(al *alarm) {
	stopped := al.timer.Stop()
	al.wakes.Store(nil)
	if stopped {
		p.pool.Put(al)
	}
}
