package outbound

import (
	"sync"
	"time"
)

// What a retry budget holds, in retries.
const (
	retryShare = 0.1 // of the first attempts
	retryFloor = 0.1 // a second, for a client that calls seldom
	retryStart = 3   // before anything is known
	retryLeast = 10  // may always be saved; more than that: the share of the last 10 s
)

// retryBudget bounds the retries to one destination by the rate of its first attempts: each that ends pays a tenth of a
// retry in, each retry and each hedge takes a whole one. In an outage, when fewer than half of the last 10 s' attempts
// were of use, only those that were of use pay in, so that what retries there are is what was saved: at 10 calls a
// second at most 21 in the first minute, which is 1.04 attempts a call; a busier client saves the tenth of 10 s.
//
// What a caller above tried before pays nothing in: over n hops that all retry there are at most 1 + 0.1 n attempts a
// request, where each hop alone would be at 1.1 to the nth.
//
// It counts what was tried, not what is under way: failures that come back at once are the ones that must not be
// repeated without a limit. It may be used by many goroutines. Times are nanoseconds of one monotonic clock.
type retryBudget struct {
	firsts window // first attempts, by whether they were of use
	all    window // all attempts

	mu     sync.Mutex
	saved  float64
	paidAt int64 // the floor, up to this time
}

// newRetryBudget makes a budget that begins now.
func newRetryBudget(now int64) *retryBudget { return &retryBudget{saved: retryStart, paidAt: now} }

// settle pays for an attempt that has ended: first says that nobody has tried it before, here or above.
func (b *retryBudget) settle(now int64, first, useful bool) {
	b.all.add(now, useful)
	if !first {
		return
	}
	b.firsts.add(now, useful)
	share := 0.0
	if useful || !b.outage(now) {
		share = retryShare
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.payLocked(now, share)
}

// take takes one retry out, if there is one.
func (b *retryBudget) take(now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.payLocked(now, 0)
	if b.saved < 1-1e-6 { // ten tenths are not quite one
		return false
	}
	b.saved--
	return true
}

// left is how many retries there are.
func (b *retryBudget) left(now int64) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.payLocked(now, 0)
	return b.saved
}

// outage says that fewer than half of the last attempts were of use.
func (b *retryBudget) outage(now int64) bool {
	good, bad := b.all.sum(now, 0)
	return good < bad
}

func (b *retryBudget) payLocked(now int64, share float64) {
	if now > b.paidAt {
		share += retryFloor * time.Duration(now-b.paidAt).Seconds()
		b.paidAt = now
	}
	good, bad := b.firsts.sum(now, 0)
	b.saved = min(b.saved+share, max(retryLeast, retryShare*float64(good+bad)))
}
