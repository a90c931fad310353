//go:build !linux

package load

import "time"

// sleeper sleeps as precisely as the runtime's timers do, to about a millisecond; the lag shows it.
type sleeper struct{}

func newSleeper() *sleeper { return new(sleeper) }

func (s *sleeper) stop() {}

func (s *sleeper) sleep(d time.Duration) { time.Sleep(d) }
