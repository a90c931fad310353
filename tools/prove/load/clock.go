package load

import (
	"context"
	"time"
)

// nap is the longest sleep without a look at the context.
const nap = 20 * time.Millisecond

// origin is the start of a run on the monotonic clock.
type origin struct{ time.Time }

func startNow() origin { return origin{time.Now()} }

// now is the time since the start; never 0, which in a row means that it did not happen.
func (o origin) now() time.Duration { return max(time.Since(o.Time), 1) }

// at is the moment d after the start.
func (o origin) at(d time.Duration) time.Time { return o.Add(d) }

// until sleeps until d after the start and reports whether ctx still holds. A moment that has passed costs no sleep.
func (o origin) until(ctx context.Context, s *sleeper, d time.Duration) bool {
	for {
		if ctx.Err() != nil {
			return false
		}
		left := d - o.now()
		if left <= 0 {
			return true
		}
		s.sleep(min(left, nap))
	}
}
