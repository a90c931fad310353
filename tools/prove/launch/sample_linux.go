package launch

import (
	"fmt"
	"os"
	"time"

	"github.com/prometheus/procfs"
)

// userHZ is how many units of CPU time procfs counts a second, on every
// architecture that Go runs on (see proc_stat.go of prometheus/procfs).
const userHZ = 100

// Sample looks at what the service uses. ErrExited: no process of it is left.
func (p *Process) Sample() (Sample, error) {
	s := Sample{At: p.now()}
	err := p.each(func(proc procfs.Proc) error {
		stat, err := proc.Stat()
		if err != nil {
			return err
		}
		status, err := proc.NewStatus()
		if err != nil {
			return err
		}
		fds, err := proc.FileDescriptorsLen()
		if err != nil {
			return err
		}
		ticks := int64(stat.UTime) + int64(stat.STime) + int64(stat.CUTime) + int64(stat.CSTime)
		s.Processes++
		s.Threads += stat.NumThreads
		s.FDs += fds
		s.RSS += int64(status.VmRSS)
		s.PeakRSS += int64(status.VmHWM)
		s.CPU += time.Duration(ticks) * time.Second / userHZ
		s.Waited += waited(proc.PID)
		return nil
	})
	return s, err
}

// waited is how long the threads of a process were kept from a processor: the second number of schedstat
// (Documentation/scheduler/sched-stats.rst). A thread that has ended, or a kernel that does not count, adds nothing.
func waited(pid int) time.Duration {
	tasks := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return 0
	}
	total := time.Duration(0)
	for _, thread := range threads {
		text, err := os.ReadFile(tasks + "/" + thread.Name() + "/schedstat")
		var ran, delayed int64
		if err == nil {
			_, err = fmt.Sscan(string(text), &ran, &delayed)
		}
		if err == nil {
			total += time.Duration(delayed)
		}
	}
	return total
}

// PSS is the service's memory with shared pages divided among those who share
// them, in bytes. It costs the service more than a Sample: the kernel walks its
// page tables. ErrExited: no process of it is left.
func (p *Process) PSS() (int64, error) {
	total := int64(0)
	err := p.each(func(proc procfs.Proc) error {
		rollup, err := proc.ProcSMapsRollup()
		total += int64(rollup.Pss)
		return err
	})
	return total, err
}

// ResetPeak starts PeakRSS anew at the present RSS. ErrExited: no process of the
// service is left.
func (p *Process) ResetPeak() error {
	return p.each(func(proc procfs.Proc) error {
		return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", proc.PID), []byte("5"), 0) // proc(5): resets VmHWM
	})
}

// each looks at every process of the service. One that ends in the meantime is
// left out.
func (p *Process) each(look func(procfs.Proc) error) error {
	looked := 0
	for _, pid := range p.members() {
		proc, err := procfs.NewProc(pid)
		if err == nil {
			err = look(proc)
		}
		if err != nil && (isGone(err) || !isAlive(pid)) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at process %d: %w", pid, err)
		}
		looked++
	}
	if looked == 0 {
		return ErrExited
	}
	return nil
}
