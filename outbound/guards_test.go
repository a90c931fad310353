package outbound_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// outage is a minute in which everything fails after one in which nothing did, at 10 calls a second. It returns the
// calls that were sent in it, of 600.
func outage(t *testing.T, fail http.HandlerFunc, c outbound.Config) (sent int64) {
	t.Helper()
	var failing atomic.Bool
	var arrived atomic.Int64
	dep := client(t, func(w http.ResponseWriter, r *http.Request) {
		if failing.Load() {
			arrived.Add(1)
			fail(w, r)
		}
	}, c)
	for i := range 1200 {
		failing.Store(i >= 600)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _ = fetch(dep, get(t, ctx, "/"))
		}()
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(2 * time.Second)
	return arrived.Load()
}

func TestNoFailureIsAmplified(t *testing.T) {
	kinds := map[string]http.HandlerFunc{
		"at once":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"after a while":  func(w http.ResponseWriter, _ *http.Request) { time.Sleep(200 * time.Millisecond); w.WriteHeader(500) },
		"never":          hang,
		"by hanging up":  raw("").answer,
		"by a refusal":   status(503, "Plimsoll-Executed", "no").answer,
		"with a trickle": hangs["by a trickle"],
	}
	for how, fail := range kinds {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bare := outbound.Config{Breaker: outbound.Off, Throttle: outbound.Off, Bulkhead: "off", MaxConns: outbound.Unlimited}
				sent := outage(t, fail, bare)
				t.Logf("%d sent without breaker, throttle and bulkhead", sent)
				assert.AtMost(t, sent, 640)
				assert.AtLeast(t, sent, 600)
			})
			synctest.Test(t, func(t *testing.T) {
				sent := outage(t, fail, outbound.Config{})
				t.Logf("%d sent with all of them", sent)
				assert.AtMost(t, sent, 620)
			})
		})
	}
}

func TestABreakerLeavesADependencyAloneAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var arrived atomic.Int64
		s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			arrived.Add(1)
			if down.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		h := &host{}
		c := outbound.New(h, outbound.Config{Name: "payments", URL: parse(t, memhttp.URL), Dial: dial(s)})
		// a second of calls, 100 of them; it returns those that were of use
		second := func() (good int) {
			for range 100 {
				res, err := c.Do(get(t, t.Context(), "/"))
				if err == nil {
					if res.StatusCode == 200 {
						good++
					}
					assert.NoError(t, res.Body.Close())
				} else {
					assert.ErrorIs(t, err, outbound.ErrRefused)
					wantKind(t, err, problem.Unavailable)
					assert.Equal(t, problem.From(err).Header.Get("Retry-After"), "1")
				}
				time.Sleep(10 * time.Millisecond)
			}
			return good
		}
		assert.Equal(t, second(), 100)
		assert.Equal(t, h.components[0].Detail(), "")

		down.Store(true)
		second()
		arrived.Store(0)
		for range 10 {
			second()
		}
		assert.AtMost(t, arrived.Load(), 40) // of 1000
		assert.Contains(t, h.components[0].Detail(), "breaker ")
		assert.NoError(t, h.components[0].Ready(t.Context()), "it can be reached, which is all that was asked for")

		down.Store(false)
		second()
		second()
		assert.Equal(t, second(), 100)
		assert.Equal(t, h.components[0].Detail(), "")
	})
}

func TestABulkheadLeavesRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, hang, outbound.Config{Bulkhead: "fixed:10"})
		var refused atomic.Int64
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				begun := time.Now()
				if _, err := fetch(c, get(t, t.Context(), "/")); problem.From(err).Kind == problem.Unavailable {
					refused.Add(1)
					assert.Equal(t, time.Since(begun), 0)
				}
			})
		}
		group.Wait()
		assert.Equal(t, refused.Load(), 83) // ten are under way, seven wait, three places are for other classes
	})
}

func TestAHedgeAnswersForASlowAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n, ended atomic.Int64
		tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
		assert.NoError(t, err)
		defer func() { assert.NoError(t, tel.Shutdown(context.Background())) }()
		s := memhttp.New(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Millisecond)
			if n.Add(1)%200 == 0 {
				<-r.Context().Done()
				ended.Add(1)
			}
		}))
		h := &host{telemetry: tel}
		c := outbound.New(h, outbound.Config{URL: parse(t, memhttp.URL), Dial: dial(s), Hedge: true})
		slowest := time.Duration(0)
		for range 1000 {
			begun := time.Now()
			_, err := fetch(c, get(t, t.Context(), "/"))
			assert.NoError(t, err)
			slowest = max(slowest, time.Since(begun))
		}
		synctest.Wait()
		assert.AtMost(t, slowest, 25*time.Millisecond)
		assert.Equal(t, ended.Load(), 5, "the loser is cancelled")
		w := httptest.NewRecorder()
		tel.Scrape().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		assert.Match(t, w.Body.String(), `plimsoll_client_hedges_total\{event="won".*\} 5\n`)
		assert.NoError(t, h.components[0].Stop(t.Context()))
	})
}

func TestWhatMayBeDoneWithout(t *testing.T) {
	fails := func(code int) http.HandlerFunc { return status(code).answer }
	for code, degraded := range map[int]bool{500: true, 503: true, 429: true, 408: true, 302: true, 400: false, 404: false, 409: false} {
		c := client(t, fails(code), outbound.Config{Attempts: 1})
		items := []string{"kept"}
		err := c.GetJSON(t.Context(), "/", &items, outbound.Optional())
		assert.Equal(t, err == nil, degraded, "%d: %v", code, err)
		assert.Equal(t, items, []string{"kept"})
	}
	c := client(t, fails(500), outbound.Config{Attempts: 1})
	own := problem.New(problem.Conflict, "")
	err := c.GetJSON(t.Context(), "/", nil, outbound.Fallback(func(_ context.Context, failure error) error {
		assert.Equal(t, assert.ErrorAs[*outbound.StatusError](t, failure).Status, 500)
		return own
	}))
	assert.Equal(t, err, error(own))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	wantKind(t, c.GetJSON(gone, "/", nil, outbound.Optional()), problem.Deadline)
}

func TestWhatMayBeDoneWithoutLeavesTimeToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, hang, outbound.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		assert.NoError(t, c.GetJSON(ctx, "/", nil, outbound.Optional()))
		assert.Equal(t, time.Since(begun), 490*time.Millisecond)
	})
}

func TestARepeatableCallGetsAKey(t *testing.T) {
	var keys []string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, strings.Join(r.Header["Idempotency-Key"], ","))
		w.WriteHeader(http.StatusBadGateway)
	}, outbound.Config{})
	assert.Error(t, c.PostJSON(t.Context(), "/", 1, nil, outbound.Repeatable()))
	assert.Len(t, keys, 3)
	assert.True(t, len(keys[0]) > 20 && keys[0] == keys[1] && keys[1] == keys[2], "%v", keys)
	assert.Error(t, c.PostJSON(t.Context(), "/", 1, nil, outbound.IdempotencyKey("own"), outbound.Repeatable(), outbound.Once()))
	assert.Len(t, keys, 4)
	assert.Equal(t, keys[3], `"own"`)
}
