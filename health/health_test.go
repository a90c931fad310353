package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/health"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
)

// promised is the longest a readiness probe may wait: the second after which Kubernetes gives up by default.
const promised = time.Second

type body struct {
	Status string
	Output string
	Checks map[string][]struct {
		Status        string
		Output        string
		ObservedValue float64
		ObservedUnit  string
		Time          time.Time
	}
}

func poll(t *testing.T, h http.Handler) (int, body) {
	t.Helper()
	w := httptest.NewRecorder()
	begun := time.Now()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	assert.AtMost(t, time.Since(begun), promised)
	assert.Equal(t, w.Header().Get("Content-Type"), "application/health+json")
	assert.Equal(t, w.Header().Get("Cache-Control"), "no-store")
	var b body
	assert.NoError(t, json.Unmarshal(w.Body.Bytes(), &b))
	return w.Code, b
}

// started is the health of a running service in a synctest bubble.
func started(t *testing.T, c health.Config, components ...life.Component) *health.Health {
	t.Helper()
	h := health.New(c)
	for _, component := range components {
		h.Add(component)
	}
	h.SetStarted()
	t.Cleanup(func() { assert.NoError(t, h.Stop(context.Background())) })
	return h
}

// dependency is a component whose state a test sets, and that counts.
type dependency struct {
	calls, at, most atomic.Int64 // at: being asked now; most: the highest of it
	mu              sync.Mutex
	answer          func(context.Context) error
}

func (d *dependency) set(answer func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

func (d *dependency) component(name string) life.Component {
	return life.Component{Name: name, Ready: func(ctx context.Context) error {
		d.calls.Add(1)
		d.most.Store(max(d.most.Load(), d.at.Add(1)))
		defer d.at.Add(-1)
		d.mu.Lock()
		answer := d.answer
		d.mu.Unlock()
		if answer == nil {
			return nil
		}
		return answer(ctx)
	}}
}

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

func takes(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestTheLifeOfAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		h := health.New(health.Config{})
		h.Add(d.component("database"))
		h.Add(life.Component{Name: "nothing to ask"})
		defer func() { assert.NoError(t, h.Stop(t.Context())) }()
		live := func() { code, b := poll(t, h.Live()); assert.Equal(t, code, 200); assert.Equal(t, b.Status, "pass") }

		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Output, "starting")
		assert.Equal(t, d.calls.Load(), 0)
		live()

		h.SetStarted()
		code, b = poll(t, h.Ready())
		assert.Equal(t, code, 200)
		assert.Equal(t, b.Status, "pass")
		assert.Len(t, b.Checks, 1)
		assert.Equal(t, b.Checks["database"][0].Status, "pass")
		live()

		d.set(func(context.Context) error { <-t.Context().Done(); return nil })
		time.Sleep(time.Second) // of the bubble
		h.SetDraining()
		begun := time.Now()
		code, b = poll(t, h.Ready())
		assert.Equal(t, time.Since(begun), 0)
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Output, "draining")
		assert.Equal(t, d.calls.Load(), 1)
		live()
	})
}

func TestARequiredComponentThatIsDownFailsAndAnOptionalOneWarns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var payments, cache dependency
		optional := cache.component("cache")
		optional.Optional = true
		h := started(t, health.Config{}, payments.component("payments"), optional)

		cache.set(fails(errors.New("broken")))
		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 200)
		assert.Equal(t, b.Status, "warn")
		assert.Equal(t, b.Output, "down: cache")
		assert.Equal(t, b.Checks["cache"][0].Status, "warn")
		assert.Equal(t, b.Checks["payments"][0].Status, "pass")

		payments.set(fails(errors.New("broken")))
		time.Sleep(health.DefaultTTL)
		code, b = poll(t, h.Ready())
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Status, "fail")
		assert.Equal(t, b.Output, "down: cache, payments")

		payments.set(nil)
		cache.set(nil)
		time.Sleep(health.DefaultTTL)
		code, b = poll(t, h.Ready())
		assert.Equal(t, code, 200)
		assert.Equal(t, b.Status, "pass")
	})
}

func TestFiftyPollsASecondAreAtMostTwoCallsASecond(t *testing.T) {
	states := map[string]func(context.Context) error{
		"up": nil, "down": fails(errors.New("x")), "slow": takes(100 * time.Millisecond), "hung": takes(time.Hour),
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d dependency
				d.set(state)
				h := started(t, health.Config{}, d.component("d"))
				var polls sync.WaitGroup
				for range 500 {
					polls.Go(func() { poll(t, h.Ready()) })
					time.Sleep(20 * time.Millisecond)
				}
				polls.Wait()
				assert.AtMost(t, d.calls.Load(), 20)
				assert.AtLeast(t, d.calls.Load(), 5)
				assert.Equal(t, d.most.Load(), 1)
			})
		})
	}
}

func TestManyPollsAtOnceAreOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		d.set(takes(50 * time.Millisecond))
		h := started(t, health.Config{}, d.component("d"))
		var polls sync.WaitGroup
		for range 100 {
			polls.Go(func() { code, _ := poll(t, h.Ready()); assert.Equal(t, code, 200) })
		}
		polls.Wait()
		assert.Equal(t, d.calls.Load(), 1)
	})
}

func TestComponentsAreAskedSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var components []life.Component
		for range 10 {
			var d dependency
			d.set(takes(500 * time.Millisecond))
			components = append(components, d.component("d"))
		}
		h := started(t, health.Config{}, components...)
		begun := time.Now()
		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 200)
		assert.Equal(t, time.Since(begun), 500*time.Millisecond)
		assert.Len(t, b.Checks["d"], 10)
		assert.Equal(t, b.Checks["d"][0].ObservedValue, 500)
		assert.Equal(t, b.Checks["d"][0].ObservedUnit, "ms")
		assert.Equal(t, b.Checks["d"][0].Time, time.Now())
	})
}

func TestACheckThatIgnoresItsContextDelaysNobodyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		release := make(chan struct{})
		d.set(func(context.Context) error { <-release; return nil })
		h := started(t, health.Config{}, d.component("d"))

		code, b := poll(t, h.Ready()) // within the promise, which poll checks
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Checks["d"][0].Output, "no answer within 800ms")

		for range 30 {
			time.Sleep(time.Second)
			begun := time.Now()
			code, _ = poll(t, h.Ready())
			assert.Equal(t, code, 503)
			assert.Equal(t, time.Since(begun), 0)
		}
		assert.Equal(t, d.calls.Load(), 1)

		close(release)
		synctest.Wait()
		code, _ = poll(t, h.Ready()) // an answer that took half a minute is none
		assert.Equal(t, code, 503)
		time.Sleep(health.DefaultTTL)
		code, _ = poll(t, h.Ready())
		assert.Equal(t, code, 200)
		assert.Equal(t, d.calls.Load(), 2)
	})
}

func TestAnOptionalComponentThatHangsIsAWarningInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		d.set(takes(time.Hour))
		optional := d.component("d")
		optional.Optional = true
		h := started(t, health.Config{}, optional)
		for range 5 {
			code, b := poll(t, h.Ready())
			assert.Equal(t, code, 200)
			assert.Equal(t, b.Status, "warn")
			time.Sleep(10 * time.Second)
		}
		assert.Equal(t, d.calls.Load(), 5)
	})
}

func TestACheckThatPanicsIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told error
		h := started(t, health.Config{Changed: func(_ string, err error) { told = err }},
			life.Component{Name: "panics", Ready: func(context.Context) error { panic("password=hunter2") }})
		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Checks["panics"][0].Output, "the check failed; the log says why")
		assert.Contains(t, told.Error(), "panicked: password=hunter2")
		assert.Contains(t, told.Error(), "health_test.go")
	})
}

func TestACheckThatEndsItsGoroutineIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := started(t, health.Config{}, life.Component{Name: "exits", Ready: func(context.Context) error { runtime.Goexit(); return nil }})
		for range 3 {
			begun := time.Now()
			code, _ := poll(t, h.Ready())
			assert.Equal(t, code, 503)
			assert.Equal(t, time.Since(begun), 0)
			time.Sleep(time.Second)
		}
	})
}

func TestAProberThatLeavesHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		d.set(takes(700 * time.Millisecond))
		h := started(t, health.Config{}, d.component("d"))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		begun := time.Now()
		w := httptest.NewRecorder()
		h.Ready().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		assert.Equal(t, time.Since(begun), 10*time.Millisecond)
		assert.Equal(t, w.Code, 503)

		code, _ := poll(t, h.Ready()) // the next one has the answer of the call that the first one began
		assert.Equal(t, code, 200)
		assert.Equal(t, time.Since(begun), 700*time.Millisecond)
		assert.Equal(t, d.calls.Load(), 1)
	})
}

func TestADrainThatBeginsDuringAProbeShowsInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		d.set(takes(100 * time.Millisecond))
		h := started(t, health.Config{}, d.component("d"))
		time.AfterFunc(50*time.Millisecond, h.SetDraining)
		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Output, "draining")
	})
}

func TestChangesAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dependency
		var told []error
		h := started(t, health.Config{Changed: func(name string, err error) {
			assert.Equal(t, name, "d")
			told = append(told, err)
		}}, d.component("d"))
		down := errors.New("down")
		for _, state := range []error{nil, nil, down, down, errors.New("still down"), nil, nil, down} {
			d.set(fails(state))
			poll(t, h.Ready())
			time.Sleep(health.DefaultTTL)
		}
		assert.Equal(t, told, []error{down, nil, down})
	})
}

// A check that heeds its context knows better than ErrHung what it was waiting for.
func TestTheErrorOfACheckThatEndsInTimeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told error
		waiting := errors.New("waiting for the third replica")
		h := started(t, health.Config{Changed: func(_ string, err error) { told = err }},
			life.Component{Name: "d", Ready: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(10 * time.Millisecond)
				return errors.Join(waiting, context.Cause(ctx))
			}})
		code, b := poll(t, h.Ready())
		assert.Equal(t, code, 503)
		assert.Equal(t, b.Checks["d"][0].Output, "no answer within 800ms")
		assert.ErrorIs(t, told, waiting)
		assert.ErrorIs(t, told, health.ErrHung)
	})
}

func TestStopEndsTheChecksAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heeds, ignores dependency
		release := make(chan struct{})
		heeds.set(takes(time.Hour))
		ignores.set(func(context.Context) error { <-release; return nil })
		changes := 0
		h := health.New(health.Config{Changed: func(string, error) { changes++ }})
		h.Add(heeds.component("heeds"))
		h.Add(ignores.component("ignores"))
		h.SetStarted()
		asked := make(chan int)
		go func() { code, _ := poll(t, h.Ready()); asked <- code }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, h.Stop(ctx), context.DeadlineExceeded)
		assert.Equal(t, heeds.at.Load(), 0)
		assert.Equal(t, ignores.at.Load(), 1)
		close(release)
		assert.NoError(t, h.Stop(t.Context()))
		assert.Equal(t, <-asked, 503)
		assert.Equal(t, changes, 0, "what Stop ends has not failed")
	})
}

func TestStopBeforeTheStart(t *testing.T) {
	h := health.New(health.Config{})
	assert.NoError(t, h.Stop(t.Context()))
	h.SetStarted()
	code, _ := poll(t, h.Ready())
	assert.Equal(t, code, 503)
}

func TestOnlyQuestionsAreAnswered(t *testing.T) {
	h := health.New(health.Config{})
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
		w := httptest.NewRecorder()
		h.Live().ServeHTTP(w, httptest.NewRequest(method, "/livez", nil))
		assert.Equal(t, w.Code, want, method)
		assert.Equal(t, w.Header().Get("Allow") != "", want == 405)
	}
}
