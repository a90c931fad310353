package outbound

import (
	"sync/atomic"
	"time"
)

// A window is twenty slots of half a second: what happened is forgotten after 9.5 to 10 s.
const (
	windowSlots  = 20
	slotTime     = int64(500 * time.Millisecond)
	windowLength = windowSlots * slotTime

	countBits  = 20
	countMask  = 1<<countBits - 1
	periodMask = 1<<(64-2*countBits) - 1 // it comes round after 97 days
)

// window counts good and bad answers over the last 10 s. Times are nanoseconds of one monotonic clock, and at least 0.
// The zero value is empty. It may be used by many goroutines: a slot is one word, with the number of its half second
// above its two counters, so that a slot which comes round is never read half new and half old.
type window struct {
	slots [windowSlots]atomic.Uint64
}

// add counts one answer. A counter that is full, at a million in half a second, stays so.
func (w *window) add(now int64, good bool) {
	period := uint64(now/slotTime) & periodMask
	slot := &w.slots[now/slotTime%windowSlots]
	one, shift := uint64(1), 0
	if good {
		one, shift = 1<<countBits, countBits
	}
	for {
		old := slot.Load()
		next := old
		if old>>(2*countBits) != period {
			next = period << (2 * countBits)
		}
		if next>>shift&countMask == countMask || slot.CompareAndSwap(old, next+one) {
			return
		}
	}
}

// sum counts what is in the window at that time, without the slots that began before from.
func (w *window) sum(now, from int64) (good, bad int) {
	period := uint64(now / slotTime)
	oldest := min(uint64(windowSlots), period-uint64((min(from, now)+slotTime-1)/slotTime)+1)
	for i := range w.slots {
		slot := w.slots[i].Load()
		if (period-slot>>(2*countBits))&periodMask < oldest {
			good += int(slot >> countBits & countMask)
			bad += int(slot & countMask)
		}
	}
	return good, bad
}
