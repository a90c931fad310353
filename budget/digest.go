package budget

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Durations are counted in buckets of an eighth of an octave, so that what is read from them is at most 12.5 % off:
// from 16 µs (the first holds all that is shorter) to 69 s (the last holds all that is longer).
const (
	firstOctave = 14 // 2^14 ns
	perOctave   = 8
	buckets     = 22*perOctave + 2
)

// slots make the window of a digest: it forgets a slot at a time.
const slots = 6

// digest counts the durations of the last minute, or of another window. Adding to it is two atomic additions.
type digest struct {
	width time.Duration // of a slot
	mu    sync.Mutex    // held to empty a slot
	slots [slots]slot
}

type slot struct {
	period atomic.Int64 // which of all slots this is, from 1; 0: none yet
	sum    atomic.Int64 // ns
	counts [buckets]atomic.Uint32
}

// add counts d at a time since the digest's beginning.
func (g *digest) add(at, d time.Duration) {
	s := g.slot(at)
	s.sum.Add(int64(d))
	s.counts[bucketOf(d)].Add(1)
}

// slot is the one for a time. One that is behind the window is emptied and used again.
func (g *digest) slot(at time.Duration) *slot {
	period := int64(max(0, at)/g.width) + 1
	s := &g.slots[period%slots]
	if s.period.Load() >= period {
		return s
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.period.Load() < period {
		s.sum.Store(0)
		for i := range s.counts {
			s.counts[i].Store(0)
		}
		s.period.Store(period)
	}
	return s
}

// sum is what a digest has counted in its window.
type sum struct {
	count  uint64
	total  time.Duration
	counts [buckets]uint64
}

// read adds up the window that ends at a time since the digest's beginning.
func (g *digest) read(at time.Duration) (s sum) {
	oldest := int64(max(0, at)/g.width) + 1 - (slots - 1)
	for i := range g.slots {
		slot := &g.slots[i]
		if period := slot.period.Load(); period == 0 || period < oldest {
			continue
		}
		s.total += time.Duration(slot.sum.Load())
		for b := range slot.counts {
			n := uint64(slot.counts[b].Load())
			s.counts[b] += n
			s.count += n
		}
	}
	return s
}

// quantile is the upper end of the bucket that holds the q-th part of what was counted; 0 when nothing was.
func (s *sum) quantile(q float64) time.Duration {
	if s.count == 0 {
		return 0
	}
	left := int64(q * float64(s.count))
	for b, n := range s.counts {
		if left -= int64(n); left < 0 {
			return upper(b)
		}
	}
	return upper(buckets - 1)
}

func bucketOf(d time.Duration) int {
	if d < 1<<firstOctave {
		return 0
	}
	octave := bits.Len64(uint64(d)) - 1
	part := int(d>>(octave-3)) & (perOctave - 1)
	return min((octave-firstOctave)*perOctave+part+1, buckets-1)
}

// upper is the longest duration that the bucket stands for.
func upper(bucket int) time.Duration {
	if bucket == 0 {
		return 1 << firstOctave
	}
	octave, part := (bucket-1)/perOctave+firstOctave, (bucket-1)%perOctave
	return time.Duration(perOctave+part+1) << (octave - 3)
}
