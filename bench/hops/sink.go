package main

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// sink is the dependency at the end of the chain, on net/http alone.
type sink struct {
	tally *tally
	fault fault
	began time.Time     // of the outage
	broke chan struct{} // closed when the outage begins
	mend  chan struct{} // closed when it ends

	healed <-chan struct{} // mend, for handlers

	mu  sync.Mutex
	rng *rand.Rand // guarded by mu
}

func newSink(p plan, t *tally) *sink {
	s := &sink{tally: t, fault: p.fault, broke: make(chan struct{}), mend: make(chan struct{}), rng: rand.New(rand.NewPCG(p.seed, 2))}
	s.healed = s.mend
	s.began = t.start.Add(ordinary)
	return s
}

// ServeHTTP serves one call.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := s.tally.of(r)
	s.tally.called(q)
	if is(s.broke) && !is(s.mend) {
		s.fault.serve(w, r, s)
	} else {
		s.work(w, r)
	}
	if !s.fault.deaf {
		s.tally.left(q)
	}
}

// work is what a healthy dependency does: 5 ms, and as much again on average.
func (s *sink) work(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	d := 5*time.Millisecond + time.Duration(s.rng.ExpFloat64()*float64(5*time.Millisecond))
	s.mu.Unlock()
	if wait(r.Context(), d) {
		_, _ = w.Write([]byte("{}\n")) // to one who has left it makes no difference
	}
}

func is(closed chan struct{}) bool {
	select {
	case <-closed:
		return true
	default:
		return false
	}
}
