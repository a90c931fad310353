package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The processors. The server has one to itself.
const (
	serverCPU    = 0
	generatorCPU = 1
)

// process is a server in a process of its own.
type process struct {
	hello
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// launch starts this program anew as the server of a job, with one processor.
func launch(j job) (*process, error) {
	argument, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self, serverCommand, string(argument))} //nolint:noctx // it ends when its input does
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startOn(serverCPU, p.cmd); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	p.out = json.NewDecoder(out)
	if err := p.out.Decode(&p.hello); err != nil {
		_, stopErr := p.stop()
		return nil, errors.Join(fmt.Errorf("wait for the server: %w", err), stopErr)
	}
	return p, nil
}

// startOn starts a command on one processor: a process inherits those of the
// thread that starts it.
func startOn(cpu int, cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}

// pin keeps this process, with all of its threads, on one processor.
func pin(cpu int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var one unix.CPUSet
	one.Set(cpu)
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &one); err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return err
		}
	}
	runtime.GOMAXPROCS(2) // or a thread that sleeps would wait for the others when it wakes up
	return nil
}

// stall has the backend stop for a time.
func (p *process) stall(length time.Duration) error {
	_, err := fmt.Fprintf(p.in, "stall %v\n", length)
	return err
}

// stop ends the server, waits for it and returns its last words.
func (p *process) stop() (farewell, error) {
	var last farewell
	err := p.in.Close()
	err = errors.Join(err, p.out.Decode(&last))
	return last, errors.Join(err, p.cmd.Wait())
}

// used is the processor time that the server has used.
func (p *process) used() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return usedOf(string(stat))
}

// usedOf reads /proc/PID/stat, whose second field may hold anything in parentheses.
func usedOf(stat string) (time.Duration, error) {
	const user, system = 11, 12 // behind the parentheses, from 0
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= system {
		return 0, fmt.Errorf("the process's times are not in %q", stat)
	}
	u, err := strconv.Atoi(fields[user])
	s, systemErr := strconv.Atoi(fields[system])
	return time.Duration(u+s) * tick, errors.Join(err, systemErr)
}
