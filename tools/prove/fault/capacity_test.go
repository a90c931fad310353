package fault_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
)

func TestCapacityIsReal(t *testing.T) {
	s := open(t, fault.Config{Capacity: fault.Capacity{Slots: 4, Service: 10 * time.Millisecond}})
	begun := time.Now()
	var callers sync.WaitGroup
	for range 20 {
		c := dial(t, s)
		callers.Go(func() {
			for range 10 {
				c.charge("")
				c.answer()
			}
		})
	}
	callers.Wait()
	took := time.Since(begun)
	assert.AtLeast(t, took, 490*time.Millisecond) // 200 calls, 4 at a time, 10 ms each; less the credit of the last
	assert.AtMost(t, took, 5*time.Second)
	stats := s.Stats()
	assert.AtLeast(t, stats.MaxFlight, 18)
	assert.Zero(t, stats.Serving)
	waiting := 0
	for _, load := range s.Timeline(0) {
		waiting = max(waiting, load.Waiting)
	}
	assert.AtLeast(t, waiting, 14)
	assert.AtMost(t, waiting, 20) // who was just let in counts until it runs
	s.ResetPeak()
	assert.Zero(t, s.Stats().MaxFlight)
}

func TestADepartureFreesItsSlotUnlessTheSinkKeepsWorking(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		s := open(t, fault.Config{KeepWorking: keeps, Capacity: fault.Capacity{Slots: 1, Service: 300 * time.Millisecond}})
		first, second := dial(t, s), dial(t, s)
		first.charge("")
		arrived(t, s, 1)
		second.charge("")
		arrived(t, s, 2)
		first.abort()
		second.answer()
		records := ended(t, s)
		assert.Equal(t, records[0].End, fault.Cancelled)
		assert.AtMost(t, records[0].Held(0), 250*time.Millisecond) // the departure is seen at once either way
		waited := records[1].Started - records[0].Started
		if keeps {
			assert.AtLeast(t, waited, 290*time.Millisecond)
		} else {
			assert.AtMost(t, waited, 250*time.Millisecond)
		}
	}
}

// benchRequest is what an outbound client sends.
const benchRequest = "POST /charges HTTP/1.1\r\nHost: sink\r\nIdempotency-Key: k\r\nPlimsoll-Budget: 1980\r\n" +
	"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nContent-Length: 2\r\n\r\n{}"

// BenchmarkCalls is what one call costs the sink and a raw caller together, on
// one connection and on 64 at a time.
func BenchmarkCalls(b *testing.B) {
	call := func(c *caller, buf []byte) {
		if _, err := c.nc.Write([]byte(benchRequest)); err != nil {
			b.Error(err)
		}
		if _, err := c.nc.Read(buf); err != nil {
			b.Error(err)
		}
	}
	b.Run("one", func(b *testing.B) {
		c, buf := dial(b, open(b, fault.Config{})), make([]byte, 4096)
		b.ReportAllocs()
		for b.Loop() {
			call(c, buf)
		}
	})
	b.Run("many", func(b *testing.B) {
		s := open(b, fault.Config{})
		b.SetParallelism(64 / runtime.GOMAXPROCS(0))
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			c, buf := dial(b, s), make([]byte, 4096)
			for pb.Next() {
				call(c, buf)
			}
		})
	})
}
