package outbound

import (
	"sync/atomic"
	"time"
)

const (
	throttleFactor   = 2 // of what was accepted may be sent
	throttleCritical = 3
	throttlePeriod   = int64(100 * time.Millisecond) // of a probe, and of a step in opening again
	throttleCalm     = 3                             // periods without a refusal before the first step
	throttleSteps    = 30                            // a factor of a thousand million
)

// throttle holds back calls to a dependency that refuses them, at random and no more than is needed, so that what it
// has to refuse stays below what it can do: p = max(0, (requests - K accepts) / (requests + 1)) over 10 s, where what is
// held back here counts as a request ("Handling Overload" in Google's Site Reliability Engineering, 2016). K is 2, and
// 3 for critical calls.
//
// That formula alone opens slowly, since it must see accepts to send more: over a minute at a hundred times the
// capacity. So one call goes through every 100 ms, and once three such periods had accepts and no refusal, each
// further one doubles K, until the next refusal. It opens within 2 s, whatever the rate was.
//
// The zero value holds back nothing. Times are nanoseconds of one monotonic clock.
type throttle struct {
	window window        // good: accepted; bad: refused, by the dependency or here
	calm   atomic.Uint64 // the period of the latest accept, and in the lowest 8 bits how many there were since a refusal
	probed atomic.Int64  // when a call last went through while some are held back
	forget atomic.Int64  // what was refused before that time counts no more from then on
}

// allow says whether a call may be sent. The random number is from 0 to below 1.
func (t *throttle) allow(now int64, critical bool, random float64) bool {
	from := t.forget.Load()
	if from > now {
		from = 0
	}
	accepts, refusals := t.window.sum(now, from)
	if refusals == 0 {
		return true
	}
	factor := throttleFactor
	if critical {
		factor = throttleCritical
	}
	factor <<= t.steps()
	requests := accepts + refusals
	p := float64(requests-factor*accepts) / float64(requests+1)
	if p <= 0 {
		return true
	}
	last := t.probed.Load()
	switch {
	case random >= p:
		t.probed.Store(now)
		return true
	case now-last >= throttlePeriod && t.probed.CompareAndSwap(last, now):
		return true
	}
	t.window.add(now, false)
	return false
}

// record counts the answer to a call that was sent: whether the dependency took it. Any other failure than a refusal
// is none of the throttle's: such a call was accepted.
func (t *throttle) record(now int64, accepted bool) {
	t.window.add(now, accepted)
	if !accepted {
		t.calm.Store(0)
		return
	}
	period := uint64(now/throttlePeriod) + 1
	old := t.calm.Load()
	if count := old & 0xff; old>>8 < period && count < throttleCalm+throttleSteps {
		t.calm.CompareAndSwap(old, period<<8|(count+1)) // one that lost counts for nothing: it was the same period
	}
}

// pushback takes a dependency's word for when to call again: once that time has passed without another word, what was
// refused is forgotten. Until then the throttle holds back what it would without it, since a dependency that refuses
// one call in ten says this each time. Longer than the window it does not matter.
func (t *throttle) pushback(now int64, after time.Duration) {
	until := now + min(int64(after), windowLength)
	for old := t.forget.Load(); old < until; old = t.forget.Load() {
		if t.forget.CompareAndSwap(old, until) {
			return
		}
	}
}

// steps is how often K is doubled.
func (t *throttle) steps() int {
	return max(0, int(t.calm.Load()&0xff)-throttleCalm)
}
