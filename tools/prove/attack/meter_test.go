package attack

import (
	"testing"
	"testing/synctest"
	"time"

	"context"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestNoiseIsOfItsSpan(t *testing.T) {
	ms := time.Millisecond
	m := &meter{
		ticks: []lateTick{{10 * ms, 500 * ms}, {100 * ms, ms}, {110 * ms, 3 * ms}, {120 * ms, 2 * ms}, {900 * ms, time.Second}},
		looks: []look{
			{at: 0, known: true},
			{at: time.Second, busy: 1500 * ms, idle: 500 * ms, ours: 500 * ms, services: usage{cpu: 400 * ms, waited: 200 * ms}, known: true},
			{at: 2 * time.Second, busy: 1600 * ms, idle: 2400 * ms, ours: 600 * ms, services: usage{cpu: 500 * ms, waited: 200 * ms}, known: true},
		},
	}
	n := m.noise(50*ms, 500*ms)
	assert.Equal(t, n.Worst, 3*ms, "ticks outside of the span don't count")
	assert.Equal(t, n.Foreign, 1.0)
	assert.Equal(t, n.Spare, 0.5)
	assert.Equal(t, n.Used, 0.4)
	assert.Equal(t, n.Waited, 0.2)
	n = m.noise(1100*ms, 2*time.Second)
	assert.Zero(t, n.Foreign)
	assert.Equal(t, n.Spare, 1.9)
	assert.Zero(t, (&meter{}).noise(0, time.Second), "nothing was measured")
}

func TestTheCanaryStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newMeter(time.Now(), func() usage { return usage{} })
		done := make(chan struct{})
		go func() { m.watch(ctx); close(done) }()
		time.Sleep(time.Second) // of the bubble
		cancel()
		<-done
		assert.AtLeast(t, len(m.ticks), 98)
		assert.Zero(t, m.noise(0, time.Second).Worst, "time stands still while nobody waits")
	})
}
