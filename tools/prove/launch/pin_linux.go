package launch

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// CPUs lists the processors that this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("list processors: %w", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Pin lets all threads of this process run on these processors only; threads
// that come later inherit it. Go's own GOMAXPROCS stays what it was.
func Pin(cpus []int) error {
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("pin to processors %v: %w", cpus, err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &set)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // a thread that has ended needs none
			return fmt.Errorf("pin to processors %v: %w", cpus, err)
		}
	}
	return nil
}

// pinThread pins the calling thread and what it starts.
func pinThread(cpus []int) error {
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to processors %v: %w", cpus, err)
	}
	return nil
}

func cpuSet(cpus []int) (unix.CPUSet, error) {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
		if !set.IsSet(cpu) {
			return set, fmt.Errorf("pin to processors %v: there is no processor %d", cpus, cpu)
		}
	}
	if set.Count() == 0 {
		return set, errors.New("pin to processors: none is named")
	}
	return set, nil
}
