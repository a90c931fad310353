package admission

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Durations are counted in buckets of a quarter octave, from 8 µs (which holds
// all that is shorter) to 4½ minutes (and all that is longer).
const (
	firstOctave = 13 // 2^13 ns
	perOctave   = 4
	buckets     = 25*perOctave + 2
)

const (
	foldEvery = 100 * time.Millisecond
	halfLife  = 2 * time.Second // of what was observed
	believe   = 8               // observations before an estimate is made
)

// estimate is what is known of how fast work is done. Observing is one atomic
// addition; folding, which forgets the old and publishes the result, is done by
// whoever passes by when it is due. Without observations there is no estimate.
type estimate struct {
	counts [2][buckets]atomic.Uint64 // useful work, and the rest; they only grow

	due atomic.Int64 // when to fold next, on the controller's clock

	untold bool // nothing is said of how long work takes, in comparisons

	mu       sync.Mutex
	last     int64 // when it was folded
	kept     [2][buckets]float64
	keptTime float64 // seconds
	seen     [2][buckets]uint64

	// Published.
	typical atomic.Int64  // the median of useful work, ns; 0: not known
	fastest atomic.Int64  // the shortest of useful work, ns; 0: not known
	hold    atomic.Int64  // how long a permit is held on average, ns; 0: not known
	rate    atomic.Uint64 // completions a second, float64 bits
}

func bucketOf(d int64) int {
	if d < 1<<firstOctave {
		return 0
	}
	octave := bits.Len64(uint64(d)) - 1
	quarter := int(d>>(octave-2)) & (perOctave - 1)
	return min((octave-firstOctave)*perOctave+quarter+1, buckets-1)
}

// lowest is the shortest duration in the bucket, in ns.
func lowest(bucket int) int64 {
	if bucket == 0 {
		return 0
	}
	octave, quarter := (bucket-1)/perOctave+firstOctave, (bucket-1)%perOctave
	return int64(perOctave+quarter) << (octave - 2)
}

// middle stands for all durations in the bucket, in ns.
func middle(bucket int) float64 { return float64(lowest(bucket)+lowest(bucket+1)) / 2 }

func (e *estimate) observe(d int64, useful bool) {
	kind := 1
	if useful {
		kind = 0
	}
	e.counts[kind][bucketOf(d)].Add(1)
}

// fold takes in what was observed since the last time, once it is due. Whoever
// finds another at it goes on.
func (e *estimate) fold(now int64) {
	if !e.mu.TryLock() {
		return
	}
	defer e.mu.Unlock()
	if now < e.due.Load() {
		return
	}
	elapsed := float64(now-e.last) / float64(time.Second)
	e.last = now
	e.due.Store(now + int64(foldEvery))
	keep := math.Exp2(-elapsed / halfLife.Seconds())
	e.keptTime = e.keptTime*keep + elapsed
	for kind := range e.counts {
		for b := range e.counts[kind] {
			n := e.counts[kind][b].Load()
			e.kept[kind][b] = e.kept[kind][b]*keep + float64(n-e.seen[kind][b])
			e.seen[kind][b] = n
		}
	}
	e.publishLocked()
}

func (e *estimate) publishLocked() {
	var all, useful, held float64
	for b := range buckets {
		u, n := e.kept[0][b], e.kept[0][b]+e.kept[1][b]
		useful += u
		all += n
		held += n * middle(b)
	}
	var typical, fastest, hold int64
	if useful >= believe && !e.untold {
		typical, fastest = quantile(&e.kept[0], useful/2), quantile(&e.kept[0], 0.5)
	}
	if all >= believe {
		hold = int64(held / all)
	}
	e.typical.Store(typical)
	e.fastest.Store(fastest)
	e.hold.Store(hold)
	e.rate.Store(math.Float64bits(all / e.keptTime))
}

// quantile is the bucket's lower end at which the count reaches n.
func quantile(counts *[buckets]float64, n float64) int64 {
	for b, count := range counts {
		if n -= count; n <= 0 {
			return lowest(b)
		}
	}
	return lowest(buckets - 1)
}

// drain is how many permits come free in a second while all of limit are out:
// what was measured, or what the time they are held gives (Little's law) where
// that is more, since a service that is not full completes only what arrives.
// 0: not known.
func (e *estimate) drain(limit int) float64 {
	hold := e.hold.Load()
	if hold <= 0 {
		return 0
	}
	return max(float64(limit)*float64(time.Second)/float64(hold), math.Float64frombits(e.rate.Load()))
}

// successes is how much useful work there ever was.
func (e *estimate) successes() (n uint64) {
	for b := range e.counts[0] {
		n += e.counts[0][b].Load()
	}
	return n
}
