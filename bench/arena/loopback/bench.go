package main

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bench is the handler that every contender protects.
type bench struct {
	backend *backend // nil: the work is the processor's
	steps   int      // of that

	mu    sync.Mutex
	spins []spun // guarded by mu
}

// spun is one request's work on the processor.
type spun struct {
	Ended int64         `json:"ended"` // ns since 1970
	Took  time.Duration `json:"took"`  // of the thread's own time
}

func newBench(j job) *bench {
	if j.Workload.Slots == 0 {
		return &bench{steps: j.Steps}
	}
	return &bench{backend: newBackend(j.Workload.Slots, j.Workload.Work)}
}

var done = []byte("done\n")

// ServeHTTP does the work and answers, whether or not anybody waits.
func (b *bench) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if b.backend != nil {
		b.backend.do()
	} else {
		b.spin()
	}
	_, _ = w.Write(done) // the client measures what arrives
}

func (b *bench) spin() {
	before := threadTime()
	if spin(b.steps) == 0 {
		panic("an xorshift generator never is at 0")
	}
	s := spun{Took: threadTime() - before, Ended: time.Now().UnixNano()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spins = append(b.spins, s)
}

// threadTime is the processor time of this thread: without interrupts, and without
// what other machines stole. It is nothing that a goroutine can measure itself by
// which changes threads, but few do that in 5 ms.
func threadTime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		panic("read the thread's clock: " + err.Error()) // Linux has it
	}
	return time.Duration(now.Nano())
}

// report is all the work there was.
func (b *bench) report() []spun {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spins
}
