package peers

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// Gradient2 is Netflix' Gradient2 limit, written from its published formula
// (concurrency-limits, Gradient2Limit) with its defaults, behind a limiter that
// refuses what finds no permit:
//
//	gradient = clamp(tolerance × long / short, 0.5, 1)
//	limit    = limit × (1 − smoothing) + (limit × gradient + queue) × smoothing
//
// where short is the mean of a window, and long its exponential average over 600
// windows, which is lowered by 5 % while it is more than twice the short one. A
// window lasts a second and at least ten samples, as its WindowedLimit does.
type Gradient2 struct {
	mu       sync.Mutex
	limit    float64
	inFlight int
	long     float64
	samples  int
	window   struct {
		ends  time.Time
		sum   time.Duration
		count int
		most  int // in flight
	}
}

const (
	gradientStart, gradientLeast, gradientMost = 20, 20, 200

	gradientTolerance = 1.5
	gradientSmoothing = 0.2
	gradientQueue     = 4
	gradientLong      = 600
	gradientWarmUp    = 10
	gradientSamples   = 10
)

// NewGradient2 makes one.
func NewGradient2() *Gradient2 { return &Gradient2{limit: gradientStart} }

// Enter takes a permit, if there is one.
func (g *Gradient2) Enter(context.Context, route.Criticality, uint64) func(bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inFlight >= int(g.limit) {
		return nil
	}
	g.inFlight++
	start, inFlight := time.Now(), g.inFlight
	return func(bool) { g.leave(time.Since(start), inFlight) }
}

func (g *Gradient2) leave(took time.Duration, inFlight int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	w := &g.window
	w.sum += took
	w.count++
	w.most = max(w.most, inFlight)
	now := time.Now()
	if now.Before(w.ends) || w.count < gradientSamples {
		return
	}
	g.update(w.sum.Seconds()/float64(w.count), w.most)
	w.ends, w.sum, w.count, w.most = now.Add(time.Second), 0, 0, 0
}

func (g *Gradient2) update(short float64, inFlight int) {
	if g.samples++; g.samples <= gradientWarmUp {
		g.long += (short - g.long) / float64(g.samples)
	} else {
		g.long += (short - g.long) * 2 / (gradientLong + 1)
	}
	if g.long/short > 2 {
		g.long *= 0.95
	}
	if float64(inFlight) < g.limit/2 {
		return // not in use
	}
	gradient := math.Max(0.5, math.Min(1, gradientTolerance*g.long/short))
	limit := g.limit*(1-gradientSmoothing) + (g.limit*gradient+gradientQueue)*gradientSmoothing
	g.limit = math.Max(gradientLeast, math.Min(gradientMost, limit))
}
