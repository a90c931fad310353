//go:build unix && !linux

package launch

import (
	"fmt"
	"syscall"
)

// Sockets returns ErrNotAvailable here.
func (p *Process) Sockets() (Sockets, error) { return Sockets{}, missing("look at sockets") }

// Sample returns ErrNotAvailable here.
func (p *Process) Sample() (Sample, error) { return Sample{}, missing("sample") }

// PSS returns ErrNotAvailable here.
func (p *Process) PSS() (int64, error) { return 0, missing("measure memory") }

// ResetPeak returns ErrNotAvailable here.
func (p *Process) ResetPeak() error { return missing("reset the memory's peak") }

// CPUs returns ErrNotAvailable here.
func CPUs() ([]int, error) { return nil, missing("list processors") }

// Pin returns ErrNotAvailable here.
func Pin([]int) error { return missing("pin to processors") }

func pinThread([]int) error { return missing("pin to processors") }

func missing(what string) error { return fmt.Errorf("%s: %w", what, ErrNotAvailable) }

// endMarked ends the group, which is all that can be found here.
func endMarked(_ string, pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

func (p *Process) survivors() error { return fmt.Errorf("its process group is %d", p.pid) }

func portOwner(int) string { return "" }

// portRange is where FreePorts looks: below the ports of outgoing connections.
func portRange() (low, high int) { return 10_000, 32_768 }
