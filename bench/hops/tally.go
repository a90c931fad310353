package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// idHeader names the request of the outside world that a call is made for.
const idHeader = "Bench-Request"

// request is one that came from outside, with everything that was done for it.
type request struct {
	at       time.Duration // since the start, as all here
	answered time.Duration
	good     bool
	calls    int // that reached the dependency
	late     int // of them, those that began after the deadline
	zombie   bool
}

// tally is what happened in a run.
type tally struct {
	start time.Time

	mu       sync.Mutex
	requests []*request
	calls    []time.Duration // when they reached the dependency
}

func (t *tally) now() time.Duration { return time.Since(t.start) }

// arrive notes a request from outside and returns its number.
func (t *tally) arrive() (*request, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &request{at: t.now()}
	t.requests = append(t.requests, q)
	return q, strconv.Itoa(len(t.requests) - 1)
}

// of finds the request that a call is made for. A number that is none would be a fault of this program.
func (t *tally) of(r *http.Request) *request {
	n, err := strconv.Atoi(r.Header.Get(idHeader))
	if err != nil {
		panic("a call without the number of its request: " + err.Error())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.requests[n]
}

// called notes that work begins at the dependency.
func (t *tally) called(q *request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.calls = append(t.calls, now)
	q.calls++
	if now > q.at+allowed {
		q.late++
	}
}

// left notes that a handler has returned: after the deadline it was a zombie.
func (t *tally) left(q *request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now() > q.at+allowed+slack {
		q.zombie = true
	}
}

// answer notes what the client got.
func (t *tally) answer(q *request, good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q.answered, q.good = t.now(), good
}
