//go:build !linux

package attack

import "time"

// machineTime is only known on Linux; lateness is known everywhere.
func machineTime() (busy, idle time.Duration, known bool) { return 0, 0, false }

func ownTime() time.Duration { return 0 }
