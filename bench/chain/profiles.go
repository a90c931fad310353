package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

// profiles are the files to write what the measurement did to, where named.
type profiles struct{ cpu, mem string }

func (p profiles) start() (stop func() error, err error) {
	if p.mem != "" {
		runtime.MemProfileRate = 1
	}
	if p.cpu == "" {
		return p.writeMem, nil
	}
	f, err := os.Create(p.cpu)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			return err
		}
		return p.writeMem()
	}, nil
}

func (p profiles) writeMem() error {
	if p.mem == "" {
		return nil
	}
	f, err := os.Create(p.mem)
	if err != nil {
		return err
	}
	if err := pprof.Lookup("allocs").WriteTo(f, 0); err != nil {
		return err
	}
	return f.Close()
}
