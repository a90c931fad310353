package main

import (
	"net/http"
)

// bench is the handler that every contender protects.
type bench struct {
	backend *backend // nil: the work is the processor's
	steps   int      // of that
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
	} else if spin(b.steps) == 0 {
		panic("an xorshift generator never is at 0")
	}
	_, _ = w.Write(done) // the client measures what arrives
}
