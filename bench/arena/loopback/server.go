package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"time"
)

// serverCommand has the program serve a job instead of measuring. It is not for
// people.
const serverCommand = "serve-for-the-arena"

// job is what a server process is told.
type job struct {
	Contender string   `json:"contender"`
	Workload  workload `json:"workload"`
	Steps     int      `json:"steps"`   // of work on the processor
	Profile   string   `json:"profile"` // write a CPU profile to this file; "": none
}

// hello is what a server process says when it serves.
type hello struct {
	Addr string `json:"addr"`
}

// farewell is what it says at the end.
type farewell struct {
	Spins     []spun          `json:"spins"`
	Admission json.RawMessage `json:"admission,omitempty"` // the snapshot of a contender that is Plimsoll's
}

// server serves a job until its input ends, which it does when the process that
// started it is gone, however that ended.
func server(argument string, in io.Reader, out io.Writer) error {
	var j job
	if err := json.Unmarshal([]byte(argument), &j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	fighters := field(j.Contender)
	if len(fighters) != 1 {
		return fmt.Errorf("%q is no contender", j.Contender)
	}
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	b := newBench(j)
	addr, controller, err := fighters[0].start(j, b, log)
	if err != nil {
		return err
	}
	say := json.NewEncoder(out)
	if err := say.Encode(hello{Addr: addr}); err != nil {
		return err
	}
	if err := profiled(j.Profile, func() error { return obey(in, b) }); err != nil {
		return err
	}
	end := farewell{Spins: b.report()}
	if controller != nil {
		if end.Admission, err = json.Marshal(controller.Snapshot()); err != nil {
			return err
		}
	}
	return say.Encode(end)
}

// profiled writes a CPU profile of what f does; "": it does not.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, out.Close())
}

// obey does what it is told, line by line: "stall 8s".
func obey(in io.Reader, b *bench) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "stall ")
		length, err := time.ParseDuration(text)
		if !ok || err != nil || b.backend == nil {
			return fmt.Errorf("told to %q", lines.Text())
		}
		b.backend.stall(time.Now(), length)
	}
	return lines.Err()
}
