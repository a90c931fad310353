package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// fault is what the dependency does to every request during the outage.
type fault struct {
	name  string
	serve func(w http.ResponseWriter, r *http.Request, s *sink)

	total bool // no request succeeds
	deaf  bool // its handlers do not see that the caller has left
}

// hung is the fault of a dependency that takes calls and never answers, nor notices that a caller has left.
const hung = "hung"

func faults() []fault {
	return []fault{
		{name: "fast failures", total: true, serve: func(w http.ResponseWriter, r *http.Request, _ *sink) {
			fail(w, r, time.Millisecond)
		}},
		{name: "slow failures", total: true, serve: func(w http.ResponseWriter, r *http.Request, _ *sink) {
			fail(w, r, 300*time.Millisecond)
		}},
		{name: "refusals", total: true, serve: func(w http.ResponseWriter, _ *http.Request, _ *sink) {
			w.Header().Set("Plimsoll-Executed", "no")
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}},
		{name: "timeouts", total: true, serve: func(_ http.ResponseWriter, r *http.Request, _ *sink) {
			wait(r.Context(), time.Minute)
		}},
		{name: "slow trickle", total: true, serve: trickle},
		{name: hung, total: true, deaf: true, serve: func(_ http.ResponseWriter, _ *http.Request, s *sink) {
			<-s.healed
		}},
		{name: "flapping", serve: func(w http.ResponseWriter, r *http.Request, s *sink) {
			if time.Since(s.began)/time.Second%2 == 0 {
				fail(w, r, time.Millisecond)
				return
			}
			s.work(w, r)
		}},
	}
}

// fail answers 500 after a while.
func fail(w http.ResponseWriter, r *http.Request, after time.Duration) {
	if wait(r.Context(), after) {
		http.Error(w, "broken", http.StatusInternalServerError)
	}
}

// trickle begins an answer at once and sends a byte of it every 100 ms, too few to end in time.
func trickle(w http.ResponseWriter, r *http.Request, _ *sink) {
	w.Header().Set("Content-Length", "600")
	for wait(r.Context(), 100*time.Millisecond) {
		if _, err := fmt.Fprint(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
			return // the caller has left
		}
	}
}

// wait says whether the time passed before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
