package launch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// descendants lists the children of a process, their children, and so on. One
// that is born or orphaned in the meantime may be missing.
func descendants(pid int) []int {
	var found []int
	for next := []int{pid}; len(next) > 0; next = next[1:] {
		born := children(next[0])
		found = append(found, born...)
		next = append(next, born...)
	}
	return found
}

// children lists the children of a process; an ended one has none.
func children(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is valid
	var found []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil { // the thread has ended
			continue
		}
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				found = append(found, child)
			}
		}
	}
	return found
}

// isAlive tells that a process has not ended: there is one, and it is more than
// an exit code that no one has asked for.
func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	end := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if end < 0 || end+2 >= len(stat) {
		return false
	}
	state := stat[end+2]
	return state != 'Z' && state != 'X'
}

// endMarked kills every process that was started with the mark in its
// environment, and looks again until there is none or it has taken too long.
func endMarked(mark string, _ int) {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for begun := time.Now(); time.Since(begun) < ending; <-again.C {
		marked := markedProcesses(mark)
		if len(marked) == 0 {
			return
		}
		for _, pid := range marked {
			killMarked(pid, mark)
		}
	}
}

// markedProcesses lists the living processes with the mark.
func markedProcesses(mark string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && isMarked(pid, mark) && isAlive(pid) {
			found = append(found, pid)
		}
	}
	return found
}

func isMarked(pid int, mark string) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(environ, []byte(markVariable+"="+mark))
}

// killMarked kills the process through a descriptor of it, which cannot come to
// mean another one while the mark is looked at.
func killMarked(pid int, mark string) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil { // it has ended
		return
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written
	if isMarked(pid, mark) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended by now
	}
}

// survivors names the processes that are still there, as an error.
func (p *Process) survivors() error {
	return fmt.Errorf("still running: process ids %v", descendants(p.guard.Process.Pid))
}

// members are the processes of the service that are alive.
func (p *Process) members() []int {
	select {
	case <-p.done: // the guard's process id may mean another process by now
		return nil
	default:
	}
	all := descendants(p.guard.Process.Pid)
	alive := all[:0]
	for _, pid := range all {
		if isAlive(pid) {
			alive = append(alive, pid)
		}
	}
	return alive
}
