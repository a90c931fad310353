package attack

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

const (
	tick       = 10 * time.Millisecond  // of the canary
	sampleTime = 250 * time.Millisecond // between two looks at the processors
)

// meter knows how calm the machine was at any time of the run: how late a goroutine that only sleeps was woken, and how
// many processors neither the prover nor its services used.
type meter struct {
	epoch time.Time
	used  func() usage // of the services so far, those that ended included

	mu    sync.Mutex
	ticks []lateTick
	looks []look
}

type lateTick struct{ at, late time.Duration }

// look is the processor time since the machine started, in total over processors.
type look struct {
	at               time.Duration
	busy, idle, ours time.Duration
	services         usage
	known            bool
}

// usage is the processor time of the services, and how long they were kept from it.
type usage struct{ cpu, waited time.Duration }

func newMeter(epoch time.Time, used func() usage) *meter {
	return &meter{epoch: epoch, used: used}
}

// watch measures until ctx ends.
func (m *meter) watch(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { m.canary(ctx) })
	both.Go(func() { m.sample(ctx) })
	both.Wait()
}

func (m *meter) canary(ctx context.Context) {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	due := time.Since(m.epoch) + tick
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Since(m.epoch)
		m.mu.Lock()
		m.ticks = append(m.ticks, lateTick{at: due, late: max(now-due, 0)})
		m.mu.Unlock()
		due = now + tick
		timer.Reset(tick)
	}
}

func (m *meter) sample(ctx context.Context) {
	again := time.NewTicker(sampleTime)
	defer again.Stop()
	for {
		l := look{at: time.Since(m.epoch)}
		l.busy, l.idle, l.known = machineTime()
		l.services = m.used()
		l.ours = ownTime() + l.services.cpu
		m.mu.Lock()
		m.looks = append(m.looks, l)
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// now is the time since the epoch.
func (m *meter) now() time.Duration { return time.Since(m.epoch) }

// noise is how calm it was from one moment to another.
func (m *meter) noise(from, until time.Duration) run.Noise {
	m.mu.Lock()
	defer m.mu.Unlock()
	var late []time.Duration
	for _, t := range m.ticks[m.firstTickLocked(from):] {
		if t.at > until {
			break
		}
		late = append(late, t.late)
	}
	slices.Sort(late)
	n := run.Noise{Lag: stats.Quantile(late, 0.99), Worst: stats.Quantile(late, 1)}
	m.processorsLocked(&n, from, until)
	return n
}

func (m *meter) firstTickLocked(from time.Duration) int {
	i, _ := slices.BinarySearchFunc(m.ticks, from, func(t lateTick, at time.Duration) int { return int(t.at - at) })
	return i
}

// processorsLocked says who used the processors, between the looks around the span.
func (m *meter) processorsLocked(n *run.Noise, from, until time.Duration) {
	first, last := -1, -1
	for i, l := range m.looks {
		if l.at <= from || first < 0 {
			first = i
		}
		if last < 0 || m.looks[last].at < until {
			last = i
		}
	}
	if first < 0 || last <= first || !m.looks[first].known || !m.looks[last].known {
		return
	}
	a, b := m.looks[first], m.looks[last]
	cores := func(d time.Duration) float64 { return max(d.Seconds()/(b.at-a.at).Seconds(), 0) }
	n.Foreign, n.Spare = cores((b.busy-a.busy)-(b.ours-a.ours)), cores(b.idle-a.idle)
	n.Used, n.Waited = cores(b.services.cpu-a.services.cpu), cores(b.services.waited-a.services.waited)
}
