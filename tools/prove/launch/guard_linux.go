package launch

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes every process whose parent ends a child of the guard,
// whatever group and session it is in, so that none gets away.
func adoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt orphans: %w", err)
	}
	return nil
}

// serviceAttributes give the service a session and a group of its own, and its
// end should the guard be killed.
func serviceAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// maxRSS is in bytes; Linux counts in KiB.
func maxRSS(usage syscall.Rusage) int64 { return usage.Maxrss << 10 }
