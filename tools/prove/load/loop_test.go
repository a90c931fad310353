package load_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

func TestClosedLoop(t *testing.T) {
	var most, now atomic.Int64
	addr := serveRequests(t, func(*http.Request, []byte, int) string {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-time.After(5 * time.Millisecond)
		return ok
	})
	live := new(load.Live)
	res, err := load.Loop(t.Context(), load.ClosedLoop{Target: addr, Mix: get, Clients: 4, Duration: 200 * time.Millisecond, Live: live})
	assert.NoError(t, err)
	accounted(t, res, live)
	noRunner(t)
	assert.Equal(t, most.Load(), 4)
	assert.Equal(t, res.Counts().Of(load.OK), int64(len(res.Rows)))
	assert.AtMost(t, len(res.Rows), 164, "no client sends before it has its answer")
	opened := 0
	for i := range res.Rows {
		if !res.Rows[i].Has(load.Reused) {
			opened++
		}
		assert.True(t, i == 0 || res.Rows[i].Intended >= res.Rows[i-1].Intended)
	}
	assert.Equal(t, opened, 4)
}

// Refusals come fast; a client that asked again at once would count nothing else.
func TestClosedLoopPausesAfterRefusals(t *testing.T) {
	addr := serveRequests(t, func(*http.Request, []byte, int) string {
		return "HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
	})
	res, err := load.Loop(t.Context(), load.ClosedLoop{Target: addr, Mix: get, Clients: 1, Duration: 200 * time.Millisecond, Pause: 20 * time.Millisecond})
	assert.NoError(t, err)
	assert.AtMost(t, len(res.Rows), 11)
	assert.Equal(t, res.Counts().Of(load.Shed), int64(len(res.Rows)))
}

func TestClosedLoopIsCancelled(t *testing.T) {
	addr := serve(t, func(*net.TCPConn, int) { <-t.Context().Done() })
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	time.AfterFunc(100*time.Millisecond, func() { cancel(enough) })
	began := time.Now()
	live := new(load.Live)
	res, err := load.Loop(ctx, load.ClosedLoop{Target: addr, Mix: get, Clients: 3, Duration: time.Minute, Live: live})
	assert.ErrorIs(t, err, enough)
	assert.AtMost(t, time.Since(began), 2*time.Second)
	accounted(t, res, live)
	noRunner(t)
	assert.Equal(t, res.Counts().Of(load.Cancelled), 3)
}

func TestSelfTest(t *testing.T) {
	f, err := load.SelfTest(t.Context())
	assert.NoError(t, err)
	t.Logf("timer p50 %v p99 %v, rate %.0f", f.TimerP50, f.TimerP99, f.Rate)
	assert.NotZero(t, f.TimerP50)
	assert.AtLeast(t, f.TimerP99, f.TimerP50)
	best := 0.0
	for _, s := range f.Steps {
		if s.Kept {
			best = s.Rate
		}
		assert.Equal(t, s.Kept, s.LagP99 <= 2*time.Millisecond && s.P99 <= 10*time.Millisecond && s.Good == 1)
	}
	assert.Equal(t, f.Rate, best)
	noRunner(t)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = load.SelfTest(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
