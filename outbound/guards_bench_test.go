package outbound

import (
	"testing"
	"time"
)

// BenchmarkGuards is what the decisions of one call cost to a healthy dependency, side by side.
func BenchmarkGuards(b *testing.B) {
	b.Run("breaker", func(b *testing.B) {
		var guard breaker
		b.ReportAllocs()
		for now := int64(0); b.Loop(); now += 10_000 {
			t, _ := guard.allow(now)
			guard.done(t, true, now)
		}
	})
	b.Run("throttle", func(b *testing.B) {
		var guard throttle
		b.ReportAllocs()
		for now := int64(0); b.Loop(); now += 10_000 {
			guard.allow(now, true, 0.5)
			guard.record(now, true)
		}
	})
	b.Run("latencies", func(b *testing.B) {
		var guard latencies
		b.ReportAllocs()
		for now := int64(0); b.Loop(); now += 10_000 {
			guard.observe(now, time.Millisecond)
			guard.summary(now)
		}
	})
	b.Run("hedging", func(b *testing.B) {
		var guard hedging
		b.ReportAllocs()
		for now := int64(0); b.Loop(); now += 10_000 {
			guard.after(now, latencySummary{count: hedgeSamples})
		}
	})
}
