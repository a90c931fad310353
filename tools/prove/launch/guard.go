package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

const (
	sweepEvery = 5 * time.Millisecond // between looks for processes to kill: the next finds who was being born
	reapEvery  = time.Second          // between looks for who has ended, besides those that SIGCHLD asks for
)

// guard is the process between the prover and the service.
type guard struct {
	reports *json.Encoder
	pid     int  // the service's main process, and its group and session
	code    int  // to exit with
	gone    bool // the main process has been waited for
	ending  bool // everything is being killed
	killed  map[int]bool
}

// Guard is the main function of a guard; args are ignored. It returns the exit
// code: the service's own, 128 and the signal's number when one ended it, 2 when
// it was not a prover that started it.
func Guard([]string) int {
	runtime.LockOSThread() // the service dies with the thread that started it, so this one stays
	syscall.CloseOnExec(ordersFD)
	syscall.CloseOnExec(reportsFD)
	orders := os.NewFile(ordersFD, "orders")
	reports := os.NewFile(reportsFD, "reports")
	decoder := json.NewDecoder(orders)

	var first order
	if err := decoder.Decode(&first); err != nil || first.Program == "" {
		if errors.Is(err, io.EOF) { // the prover was gone before it said anything
			return 0
		}
		fmt.Fprintln(os.Stderr, "guard: this command is for the prover's own use; try: plimsoll prove -help")
		return 2
	}
	g := &guard{reports: json.NewEncoder(reports), killed: make(map[int]bool)}
	return g.run(first, decoder)
}

// run starts the service and returns when no process of it is left.
func (g *guard) run(first order, decoder *json.Decoder) int {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals) // all of them: a guard is not ended by a signal
	if err := g.start(first); err != nil {
		g.report(report{Failed: err.Error()})
		return 127
	}
	orders := make(chan order)
	go receive(decoder, orders)

	for !g.reap() {
		again := reapEvery
		if g.ending {
			g.sweep()
			again = sweepEvery
		}
		select {
		case s := <-signals:
			g.forward(s)
		case o, ok := <-orders:
			if !ok { // the prover is gone, or wants no more of this service
				orders, g.ending = nil, true
			}
			g.obey(o)
		case <-time.After(again):
		}
	}
	g.report(report{Ended: true, Left: len(g.killed)})
	return g.code
}

// receive passes orders on until the prover's end of the pipe closes.
func receive(decoder *json.Decoder, orders chan<- order) {
	defer close(orders)
	for {
		var o order
		if decoder.Decode(&o) != nil {
			return
		}
		orders <- o
	}
}

// start brings the service into being, in a session and a process group of its
// own, so that no terminal reaches it and one signal reaches all who stay in it.
func (g *guard) start(o order) error {
	if err := adoptOrphans(); err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }() // it was only read
	if len(o.CPUs) > 0 {
		if err := pinThread(o.CPUs); err != nil {
			return err
		}
	}
	g.pid, err = syscall.ForkExec(o.Program, o.Args, &syscall.ProcAttr{
		Dir: o.Dir, Env: o.Env,
		Files: []uintptr{null.Fd(), 1, 2},
		Sys:   serviceAttributes(),
	})
	if err != nil {
		return err
	}
	g.report(report{Started: g.pid})
	return nil
}

// forward passes a signal that was sent to the guard on to the service.
func (g *guard) forward(s os.Signal) {
	switch s {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2:
		if number, ok := s.(syscall.Signal); ok && !g.gone {
			_ = syscall.Kill(g.pid, number) // it may have just exited
		}
	}
}

// obey carries one order out.
func (g *guard) obey(o order) {
	if o.End {
		g.ending = true
	}
	if o.Signal == 0 {
		return
	}
	answer := report{ID: o.ID}
	target := g.pid
	if o.Group {
		target = -g.pid
	}
	if g.gone {
		answer.Error = ErrExited.Error()
	} else if err := syscall.Kill(target, syscall.Signal(o.Signal)); err != nil {
		answer.Error = err.Error()
	}
	g.report(answer)
}

// reap waits for whoever has ended. true: no process is left.
func (g *guard) reap() bool {
	for {
		var status syscall.WaitStatus
		var usage syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, &usage)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // ECHILD
			return true
		case pid == 0:
			return false
		case pid == g.pid:
			g.exited(status, usage)
		}
	}
}

// exited reports the end of the main process. What it left behind ends now.
func (g *guard) exited(status syscall.WaitStatus, usage syscall.Rusage) {
	g.gone, g.ending = true, true
	e := &exited{
		Code:   status.ExitStatus(),
		CPU:    usage.Utime.Nano() + usage.Stime.Nano(),
		MaxRSS: maxRSS(usage),
	}
	g.code = e.Code
	if status.Signaled() {
		e.Signal = status.Signal().String()
		g.code = 128 + int(status.Signal())
	}
	g.report(report{Exited: e})
	g.sweep()
}

// sweep kills everyone, and counts whom it found alive after the main process
// had ended. It is repeated until reap finds that no one is left.
func (g *guard) sweep() {
	for _, pid := range descendants(os.Getpid()) {
		if g.gone && isAlive(pid) {
			g.killed[pid] = true
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // whoever is left is found by the next sweep
	}
	_ = syscall.Kill(-g.pid, syscall.SIGKILL) // where descendants cannot be found, the group still can
}

func (g *guard) report(r report) {
	r.Wall = time.Now().UnixNano()
	_ = g.reports.Encode(r) // fails only when the prover is gone
}
