package provetest

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// Hogs uses every processor of the machine, twice over, until the test ends: what a prover must notice.
func Hogs(tb testing.TB) {
	tb.Helper()
	for range 2 * runtime.NumCPU() {
		cmd := exec.CommandContext(tb.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), hogVariable+"=1", "GOMAXPROCS=1")
		life, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			tb.Fatalf("start hog: %v", err)
		}
		tb.Cleanup(func() {
			_ = life.Close() // it tells the hog to end
			_ = cmd.Wait()   // a hog has nothing to say
		})
	}
}

// hog spins until its standard input ends, which it also does when the test program dies.
func hog() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for n := uint64(0); ; n++ {
		if n == 0 {
			runtime.Gosched()
		}
	}
}
