package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"
)

// Handler observes every request that next serves, on any net/http server: one
// access line, metrics, and a span when something exports them. The route is
// the pattern of an http.ServeMux directly behind it, or what a handler gives
// to FromContext(ctx).SetRoute. A panic goes through it, observed.
//
// The root package's chain does all of this itself and more; use one of them.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, e := t.Begin(r, r.Pattern, time.Time{})
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(ctx)
		returned := false
		defer func() {
			s := rec.summary(ctx)
			var panicked any
			if !returned {
				panicked = recover()
				rec.broken(&s, panicked)
			}
			if e.late.Load() == nil {
				e.SetRoute(r.Pattern)
			}
			e.End(s)
			if panicked != nil {
				panic(panicked)
			}
		}()
		next.ServeHTTP(rec, r)
		returned = true
	})
}

// summary is that of a handler that returned.
func (w *recorder) summary(ctx context.Context) Summary {
	s := Summary{Status: w.status, Bytes: w.bytes, Err: w.err}
	unanswered := w.status == 0 || w.writeErr != nil
	if unanswered && errors.Is(ctx.Err(), context.Canceled) {
		s.Outcome = ClientGone
		return s
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && w.status >= 500 {
		s.Outcome = Deadline
	}
	if w.status == 0 {
		s.Status = http.StatusOK // what net/http sends for a handler that wrote nothing
	}
	if s.Err == nil {
		s.Err = w.writeErr
	}
	return s
}

// broken changes the summary to that of a handler that did not return but
// panicked with v, or ended its goroutine (nil). The server breaks the
// connection: an answer that was begun is cut, one that was not is never sent.
func (w *recorder) broken(s *Summary, v any) {
	s.Status, s.Outcome = w.status, Cut
	if v == nil || v == any(http.ErrAbortHandler) {
		return
	}
	s.Outcome = Panicked
	s.Err = fmt.Errorf("panic: %v", v)
	s.Stack = debug.Stack()
}
