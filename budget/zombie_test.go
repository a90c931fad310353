package budget_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// everything is all that a handler can do with its writer, and what it must be told once its time is over.
func everything(w http.ResponseWriter) []error {
	control := http.NewResponseController(w)
	header := w.Header()
	header.Set("X-Zombie", "1")
	for _, values := range header {
		values[0] = "overwritten"
	}
	clear(header)
	w.WriteHeader(http.StatusEarlyHints)
	w.WriteHeader(http.StatusTeapot)
	w.(http.Flusher).Flush()
	w.(interface{ RecordError(error) }).RecordError(errors.New("late"))
	_, write := w.Write([]byte("zombie"))
	_, writeString := io.WriteString(w, "zombie")
	_, _, hijack := w.(http.Hijacker).Hijack()
	return []error{
		write, writeString, hijack, control.Flush(), control.EnableFullDuplex(),
		control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{}),
	}
}

// A handler that outlives its request reaches nothing of the connection, which serves the next requests meanwhile.
// The race detector watches.
func TestZombieTouchesNothing(t *testing.T) {
	for name, begin := range map[string]func(http.ResponseWriter){
		"answered": func(w http.ResponseWriter) { w.Header().Set("X-Handler", "1") },
		"cut":      func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half") },
	} {
		t.Run(name, func(t *testing.T) {
			for protocol, client := range protocols {
				t.Run(protocol, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var zombies sync.WaitGroup
						var errs []error
						over := make(chan struct{})
						var requests atomic.Int32
						s := serve(t, budget.Config{}, func(w http.ResponseWriter, r *http.Request) {
							if requests.Add(1) > 1 {
								_, _ = io.WriteString(w, "fine")
								return
							}
							zombies.Add(1)
							defer zombies.Done()
							w.Header()
							begin(w)
							<-over
							for range 100 {
								errs = append(errs, everything(w)...)
								_, err := r.Body.Read(make([]byte, 1))
								errs = append(errs, err)
							}
						}, around)
						_, _ = send(t, client(s), request(t, "POST", newEndless(t)))
						close(over)
						for range 100 {
							got, err := send(t, client(s), request(t, "GET", nil))
							assert.NoError(t, err)
							assert.Equal(t, got.status, http.StatusOK)
							assert.Equal(t, got.body, "fine")
							assert.Zero(t, got.header.Get("X-Zombie"))
						}
						zombies.Wait()
						for _, err := range errs {
							assert.ErrorIs(t, err, http.ErrHandlerTimeout)
						}
						assert.Zero(t, s.Log())
					})
				})
			}
		})
	}
}

// A writer that is kept by a goroutine of the handler's is as dead once the handler has returned.
func TestWriterIsDeadAfterTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept http.ResponseWriter
		s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			kept = w
			_, _ = io.WriteString(w, "whole")
		})
		got, err := send(t, s.Client(), request(t, "GET", nil))
		assert.NoError(t, err)
		assert.Equal(t, got.body, "whole")
		for _, err := range everything(kept) {
			assert.ErrorIs(t, err, http.ErrHandlerTimeout)
		}
		assert.NoError(t, s.result(t).Err)
	})
}

// Whatever a zombie does in the end stays its own affair: the process lives, and somebody is told.
func TestZombiePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(http.ResponseWriter, *http.Request) {
			time.Sleep(time.Minute)
			panic("late")
		})
		_, err := send(t, s.Client(), request(t, "GET", nil))
		assert.NoError(t, err)
		assert.Len(t, s.panics(), 0)
		time.Sleep(time.Minute)
		assert.Equal(t, s.panics(), []any{"late"})
	})
}

// Returned is what gives a permit back: once, and not before the work has ended.
func TestReturnedIsCalledOnce(t *testing.T) {
	cases := []struct {
		name    string
		handler http.HandlerFunc
		after   time.Duration // when it must be called
		outcome budget.Outcome
		stream  bool
	}{
		{"in time", func(http.ResponseWriter, *http.Request) {}, 0, budget.Finished, false},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("x") }, 0, budget.Panicked, false},
		{"zombie", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }, time.Minute, budget.Answered, false},
		{"zombie panic", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute); panic("x") }, time.Minute, budget.Answered, false},
		{"stream", func(http.ResponseWriter, *http.Request) {}, 0, budget.Finished, true},
		{"stream panic", func(http.ResponseWriter, *http.Request) { panic("x") }, 0, budget.Panicked, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var at []time.Duration
				ctx, cancel := budget.Start(t.Context(), start, limit, nil)
				defer cancel()
				r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
				result := budget.Enforce(httptest.NewRecorder(), r, c.handler, budget.Enforcement{
					Stream:   c.stream,
					Returned: func(int) { at = append(at, time.Since(start)) },
					Panic:    func(any, []byte) {},
				})
				assert.Equal(t, result.Outcome, c.outcome)
				if c.after == 0 {
					assert.Equal(t, at, []time.Duration{0})
				} else {
					assert.Equal(t, time.Since(start), limit)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				assert.Equal(t, at, []time.Duration{c.after})
			})
		})
	}
}
