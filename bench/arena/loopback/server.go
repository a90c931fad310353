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
	Addr string        `json:"addr"`
	Work time.Duration `json:"work"` // what the steps took just now, with nothing else to do
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
	h := hello{Work: j.Workload.Work}
	if j.Workload.Slots == 0 {
		h.Work = timeOf(j.Steps)
	}
	b := newBench(j)
	if h.Addr, err = fighters[0].start(j, b, log); err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(h); err != nil {
		return err
	}
	if j.Profile == "" {
		return obey(in, b)
	}
	f, err := os.Create(j.Profile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = obey(in, b)
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
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
