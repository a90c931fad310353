package outbound

import "time"

// patienceFactor is how much longer than the slowest of a thousand an attempt is waited for while another one can
// still be made.
const patienceFactor = 1.2

// soonest is the least patience: what a busy machine may do to a goroutine at any time is no sign of anything. Timers
// that are set for less than the time to the next one also wake the scheduler, each of them.
const soonest = 10 * time.Millisecond

// patience is how long an attempt is waited for before another one is thought of: a fifth longer than the slowest of a
// thousand, less if one more attempt would not find its time otherwise. It is all that is left where that is not known
// or there is no time for two. Whether there is another attempt is decided when this time has passed, with what the
// retry budget has then: an attempt is never given up for one that cannot be made.
//
// Typical is the median with the network, slowest the 99.9th percentile; 0: not known.
func patience(left, typical, slowest time.Duration) time.Duration {
	if typical <= 0 || slowest <= 0 {
		return left
	}
	wait := min(max(soonest, time.Duration(patienceFactor*float64(slowest))), left-typical-firstPause)
	if wait < typical {
		return left
	}
	return wait
}
