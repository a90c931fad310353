//go:build unix

package edge

import "syscall"

// openFiles is the soft limit, which the Go runtime has raised to the hard one.
func openFiles() (limit uint64, known bool) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return uint64(r.Cur), true //nolint:unconvert // it is signed on some systems
}
