//go:build unix && !linux

package launch

import "syscall"

// adoptOrphans does nothing here: a process that leaves the group gets away.
func adoptOrphans() error { return nil }

func serviceAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// maxRSS is in bytes; on darwin it is counted in bytes.
func maxRSS(usage syscall.Rusage) int64 { return usage.Maxrss }

// descendants finds no one here: the group is all that is killed.
func descendants(int) []int { return nil }

func isAlive(int) bool { return false }
