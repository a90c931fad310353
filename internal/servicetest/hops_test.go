package servicetest

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// requestHeader carries the number of the request from outside that a call is made for.
const requestHeader = "Test-Request"

// chain is services one behind another, each calling the next with package outbound, the last calling the dependency.
// It belongs into a synctest bubble, and ends with the test.
type chain struct {
	client  *http.Client // of the outside
	began   atomic.Int32 // calls that reached the dependency
	serving [3]sync.WaitGroup
}

func newChain(t *testing.T, hops int, own outbound.Config, dependency http.HandlerFunc) *chain {
	t.Helper()
	c := &chain{}
	next := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.began.Add(1)
		dependency(w, r)
	}))
	for hop := range hops {
		var client *outbound.Client
		service, err := plimsoll.Wrap("service"+strconv.Itoa(hop), problem.Handler(func(w http.ResponseWriter, r *http.Request) error {
			c.serving[hop].Add(1)
			defer c.serving[hop].Done()
			return client.GetJSON(r.Context(), "/", nil, outbound.Header(requestHeader, r.Header.Get(requestHeader)))
		}), plimsoll.Environ(), plimsoll.Output(io.Discard))
		assert.NoError(t, err)
		c, to := own, next
		c.URL, err = config.ParseURL(memhttp.URL)
		assert.NoError(t, err)
		c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return to.Dial(ctx) }
		client = outbound.New(service, c)
		t.Cleanup(func() { client.Transport().(interface{ CloseIdleConnections() }).CloseIdleConnections() })
		next = memhttp.New(t, service)
	}
	c.client = next.Client()
	return c
}

// ask sends a request with a budget and returns the status of its answer, 0 for none, and how long that took.
func (c *chain) ask(id int, budget time.Duration) (status int, took time.Duration) {
	begun := time.Now()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, memhttp.URL, nil)
	if err != nil {
		return 0, 0
	}
	r.Header.Set("Plimsoll-Budget", strconv.FormatInt(budget.Milliseconds(), 10))
	r.Header.Set(requestHeader, strconv.Itoa(id))
	res, err := c.client.Do(r)
	if err != nil {
		return 0, time.Since(begun)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, time.Since(begun)
	}
	return res.StatusCode, time.Since(begun)
}

// every calls ask for so long, at even times, and waits for all answers.
func (c *chain) every(pause, length time.Duration, ask func(id int)) (n int) {
	var users sync.WaitGroup
	for end := time.Now().Add(length); time.Now().Before(end); n++ {
		id := n
		users.Go(func() { ask(id) })
		time.Sleep(pause)
	}
	users.Wait()
	return n
}

func TestAnOutageIsNotAmplifiedOverThreeHops(t *testing.T) {
	fast := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	never := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	alone := outbound.Config{Breaker: outbound.Off, Throttle: outbound.Off} // nothing but the retry budget bounds it
	for name, k := range map[string]struct {
		config outbound.Config
		fail   http.HandlerFunc
		least  float64 // calls a request: what is not called at all is not amplified either
		most   float64
	}{
		"fast failures":                {outbound.Config{}, fast, 0.1, 0.5},
		"timeouts":                     {outbound.Config{}, never, 0.1, 0.5},
		"fast failures, retries alone": {alone, fast, 1, 1.31},
		"timeouts, retries alone":      {alone, never, 1, 1.31},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				c := newChain(t, 3, k.config, func(w http.ResponseWriter, r *http.Request) {
					if broken.Load() {
						k.fail(w, r)
					}
				})
				var good, failed atomic.Int32
				ask := func(id int) {
					switch status, _ := c.ask(id, time.Second); {
					case status == http.StatusOK:
						good.Add(1)
					case status >= http.StatusInternalServerError:
						failed.Add(1)
					}
				}
				asked := c.every(100*time.Millisecond, 20*time.Second, ask)
				assert.Equal(t, int(good.Load()), asked)
				broken.Store(true)
				c.began.Store(0)
				asked = c.every(100*time.Millisecond, time.Minute, ask)
				assert.Equal(t, int(failed.Load()), asked)
				each := float64(c.began.Load()) / float64(asked)
				assert.AtMost(t, each, k.most)
				assert.AtLeast(t, each, k.least)

				broken.Store(false)
				c.every(100*time.Millisecond, 2*time.Second, ask)
				good.Store(0)
				asked = c.every(20*time.Millisecond, time.Second, ask)
				assert.Equal(t, int(good.Load()), asked, "2 s after its return")
			})
		})
	}
}

func TestNothingBeginsAtAHungDependencyAfterTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 300 * time.Millisecond
		released := make(chan struct{})
		var mu sync.Mutex
		var asked, took []time.Duration // by the number of the request
		late, start := 0, time.Now()
		c := newChain(t, 2, outbound.Config{}, func(_ http.ResponseWriter, r *http.Request) {
			id, err := strconv.Atoi(r.Header.Get(requestHeader))
			mu.Lock()
			if err != nil || time.Since(start) > asked[id]+budget {
				late++
			}
			mu.Unlock()
			<-released // and does not see that nobody waits
		})
		c.every(20*time.Millisecond, 5*time.Second, func(id int) {
			mu.Lock()
			asked = append(asked, time.Since(start))
			mu.Unlock()
			_, answered := c.ask(id, budget)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, answered)
		})
		assert.NotZero(t, c.began.Load())
		assert.Zero(t, late, "calls that began at the dependency")
		slices.Sort(took)
		assert.AtMost(t, took[len(took)*99/100], budget+25*time.Millisecond)
		for hop := range 2 {
			c.serving[hop].Wait() // no handler stays: the bubble would not end
		}
		close(released)
	})
}
