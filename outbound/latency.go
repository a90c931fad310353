package outbound

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram has 16 buckets to each doubling, from 1 µs to 137 s: a figure read from it is at most 1/16 too high.
const (
	latencyLow     = 10 // 2^10 ns; what is shorter counts as that
	latencyOctaves = 27
	latencyParts   = 16
	latencyBuckets = latencyOctaves * latencyParts

	latencySlots = 6
	latencySlot  = int64(10 * time.Second)
	latencyFresh = int64(250 * time.Millisecond) // how old a summary may be
)

// latencies keeps how long the calls to a dependency took in the last 50 to 60 s, in 10 KiB. The zero value has seen
// none. It may be used by many goroutines and takes no lock; what is observed in the instant in which a slot is used
// again may be lost. Times are nanoseconds of one monotonic clock.
type latencies struct {
	slots    [latencySlots]latencyTally
	reading  atomic.Bool
	read     atomic.Int64 // when the summary was made; 0: never
	count    atomic.Int64
	quantile [3]atomic.Int64
}

// latencyTally is one slot.
type latencyTally struct {
	period  atomic.Int64 // and one, so that 0 is a slot never used; -1: it is being emptied
	buckets [latencyBuckets]atomic.Uint32
}

// latencySummary has 0 for what is not known.
type latencySummary struct {
	count          int // calls that it is made of
	p50, p95, p999 time.Duration
}

// observe counts one call.
func (l *latencies) observe(now int64, d time.Duration) {
	period := now/latencySlot + 1
	slot := &l.slots[period%latencySlots]
	if old := slot.period.Load(); old != period {
		if old < 0 || old > period || !slot.period.CompareAndSwap(old, -1) {
			return
		}
		for i := range slot.buckets {
			slot.buckets[i].Store(0)
		}
		slot.period.Store(period)
	}
	slot.buckets[latencyBucket(d)].Add(1)
}

// summary is made again when it is a quarter of a second old, by one caller; the others get the old one.
func (l *latencies) summary(now int64) latencySummary {
	if read := l.read.Load(); (read == 0 || now-read >= latencyFresh) && l.reading.CompareAndSwap(false, true) {
		l.summarize(now)
		l.read.Store(max(now, 1))
		l.reading.Store(false)
	}
	return latencySummary{
		count: int(l.count.Load()), p50: time.Duration(l.quantile[0].Load()),
		p95: time.Duration(l.quantile[1].Load()), p999: time.Duration(l.quantile[2].Load()),
	}
}

func (l *latencies) summarize(now int64) {
	var counts [latencyBuckets]int64
	period, total := now/latencySlot+1, int64(0)
	for i := range l.slots {
		slot := &l.slots[i]
		if p := slot.period.Load(); p <= 0 || period-p >= latencySlots {
			continue
		}
		for k := range slot.buckets {
			n := int64(slot.buckets[k].Load())
			counts[k] += n
			total += n
		}
	}
	seen, k := int64(0), -1
	for i, perMille := range [...]int64{500, 950, 999} {
		rank := (total*perMille + 999) / 1000
		for seen < rank {
			k++
			seen += counts[k]
		}
		l.quantile[i].Store(int64(latencyEdge(k)))
	}
	l.count.Store(total)
}

// latencyBucket is the one that d falls into.
func latencyBucket(d time.Duration) int {
	n := uint64(max(d, 1<<latencyLow))
	octave := bits.Len64(n) - 1
	if octave >= latencyLow+latencyOctaves {
		return latencyBuckets - 1
	}
	return (octave-latencyLow)*latencyParts + int(n>>(octave-4))&(latencyParts-1)
}

// latencyEdge is the upper end of a bucket; 0 for -1.
func latencyEdge(k int) time.Duration {
	if k < 0 {
		return 0
	}
	octave, part := latencyLow+k/latencyParts, k%latencyParts
	return time.Duration((latencyParts + part + 1) << (octave - 4))
}
