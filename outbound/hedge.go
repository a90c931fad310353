package outbound

import (
	"sync/atomic"
	"time"
)

const (
	hedgePrice   = 50 // calls earn one hedge: 2 %
	hedgeSaved   = 4 * hedgePrice
	hedgeSamples = 100 // below which a p95 is a guess
	hedgeCalm    = int64(10 * time.Second)
	hedgeLong    = int64(time.Hour)
)

// hedging says when a call that takes long is sent a second time: after the p95 of its dependency, for at most 2 % of
// the calls ("The Tail at Scale", CACM 2013), and not at all while the dependency refuses or pushes back, since a hedge
// is more load. Whether the call may be repeated, and the retry budget, are others' matters.
//
// The zero value is ready. Times are nanoseconds of one monotonic clock.
type hedging struct {
	saved  atomic.Int64 // of hedgePrice
	resume atomic.Int64 // no hedge before
}

// after counts a call and says how long to wait before it is hedged, if at all.
func (h *hedging) after(now int64, s latencySummary) (time.Duration, bool) {
	for saved := h.saved.Load(); saved < hedgeSaved; saved = h.saved.Load() {
		if h.saved.CompareAndSwap(saved, saved+1) {
			break
		}
	}
	return s.p95, s.count >= hedgeSamples && now >= h.resume.Load()
}

// take is asked when that time has passed; true pays for one hedge, which must be sent.
func (h *hedging) take(now int64) bool {
	if now < h.resume.Load() {
		return false
	}
	for saved := h.saved.Load(); saved >= hedgePrice; saved = h.saved.Load() {
		if h.saved.CompareAndSwap(saved, saved-hedgePrice) {
			return true
		}
	}
	return false
}

// pushback turns hedging off for 10 s, or for as long as the dependency says, an hour at most. A refusal is one, of 0.
func (h *hedging) pushback(now int64, after time.Duration) {
	until := now + min(max(int64(after), hedgeCalm), hedgeLong)
	for old := h.resume.Load(); old < until; old = h.resume.Load() {
		if h.resume.CompareAndSwap(old, until) {
			return
		}
	}
}
