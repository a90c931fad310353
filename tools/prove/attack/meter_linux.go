package attack

import (
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// machineTime is the processor time that the machine has spent, and left unused, since it started. Time that the
// hypervisor took away counts as spent by others.
func machineTime() (busy, idle time.Duration, known bool) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, 0, false
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0, 0, false
	}
	t := stat.CPUTotal
	spent := t.User + t.Nice + t.System + t.IRQ + t.SoftIRQ + t.Steal
	second := float64(time.Second)
	return time.Duration(spent * second), time.Duration((t.Idle + t.Iowait) * second), true
}

// ownTime is the processor time of the prover itself.
func ownTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
