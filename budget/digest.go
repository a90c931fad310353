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

// digest counts the durations of the last minute, or of another window. Adding to it is two or three atomic additions.
type digest struct {
	width time.Duration // of a slot
	mu    sync.Mutex    // held to empty a slot
	slots [slots]slot
}

type slot struct {
	period atomic.Int64 // which of all slots this is, from 1; 0: none yet
	sum    atomic.Int64 // ns
	marked atomic.Int64
	worst  atomic.Pointer[Example]
	counts [buckets]atomic.Uint32
}

// add counts d, and n marks, at a time since the digest's beginning. It returns the slot, for an example.
func (g *digest) add(at, d time.Duration, n uint32) *slot {
	s := g.slot(at)
	s.sum.Add(int64(d))
	s.counts[bucketOf(d)].Add(1)
	if n > 0 {
		s.marked.Add(int64(n))
	}
	return s
}

// Example is one request, to look at closely.
type Example struct {
	Trace [16]byte // its trace id
	At    time.Time
	Took  time.Duration
	Bill  string // in full; empty for the example of a line
}

// exceeds reports whether d is longer than what the slot has an example of.
func (s *slot) exceeds(d time.Duration) bool {
	old := s.worst.Load()
	return old == nil || d > old.Took
}

// offer makes e the slot's example if nothing longer is.
func (s *slot) offer(e *Example) {
	for {
		old := s.worst.Load()
		if old != nil && old.Took >= e.Took || s.worst.CompareAndSwap(old, e) {
			return
		}
	}
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
		s.marked.Store(0)
		s.worst.Store(nil)
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
	marked int64
	total  time.Duration
	worst  *Example
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
		s.marked += slot.marked.Load()
		if e := slot.worst.Load(); e != nil && (s.worst == nil || e.Took > s.worst.Took) {
			s.worst = e
		}
		for b := range slot.counts {
			n := uint64(slot.counts[b].Load())
			s.counts[b] += n
			s.count += n
		}
	}
	return s
}

// above is the upper end of the bucket that holds the q-th part of what was counted, below its lower end, and quantile
// lies between them. Each is 0 when nothing was counted.
func (s *sum) above(q float64) time.Duration {
	b, _ := s.bucket(q)
	return upper(b)
}

func (s *sum) below(q float64) time.Duration {
	b, _ := s.bucket(q)
	return upper(b - 1)
}

func (s *sum) quantile(q float64) time.Duration {
	b, part := s.bucket(q)
	low := upper(b - 1)
	return low + time.Duration(part*float64(upper(b)-low))
}

// bucket is the one that holds the q-th part, and how far into it that is; -1 when nothing was counted.
func (s *sum) bucket(q float64) (b int, part float64) {
	left := q * float64(s.count)
	for b, n := range s.counts {
		if n > 0 && left <= float64(n) {
			return b, left / float64(n)
		}
		left -= float64(n)
	}
	return -1, 0
}

func bucketOf(d time.Duration) int {
	if d < 1<<firstOctave {
		return 0
	}
	octave := bits.Len64(uint64(d)) - 1
	part := int(d>>(octave-3)) & (perOctave - 1)
	return min((octave-firstOctave)*perOctave+part+1, buckets-1)
}

// upper is the longest duration that the bucket stands for; 0 for the one before the first.
func upper(bucket int) time.Duration {
	switch {
	case bucket < 0:
		return 0
	case bucket == 0:
		return 1 << firstOctave
	}
	octave, part := (bucket-1)/perOctave+firstOctave, (bucket-1)%perOctave
	return time.Duration(perOctave+part+1) << (octave - 3)
}
