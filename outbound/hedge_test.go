package outbound

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

var known = latencySummary{count: hedgeSamples, p95: 40 * time.Millisecond}

func TestHedgesAreOneInFifty(t *testing.T) {
	var h hedging
	hedged := 0
	for i := range int64(10_000) {
		after, may := h.after(i*millisecond, known)
		assert.True(t, may)
		assert.Equal(t, after, known.p95)
		if h.take(i * millisecond) { // every call takes long
			hedged++
		}
		assert.AtMost(t, hedged, int(i+1)/50, "at any time")
	}
	assert.Equal(t, hedged, 200)
}

func TestHedgesAreSavedButNotForALandslide(t *testing.T) {
	var h hedging
	for range 10_000 {
		h.after(0, known)
	}
	hedged := 0
	for h.take(0) {
		hedged++
	}
	assert.Equal(t, hedged, 4)
}

func TestNoHedgeOnAGuess(t *testing.T) {
	var h hedging
	_, may := h.after(0, latencySummary{count: hedgeSamples - 1, p95: time.Millisecond})
	assert.False(t, may)
}

func TestNoHedgeAfterARefusal(t *testing.T) {
	var h hedging
	for range 1000 {
		h.after(0, known)
	}
	h.pushback(0, 0)
	_, may := h.after(9*second, known)
	assert.False(t, may)
	assert.False(t, h.take(9*second), "one that was waiting")
	_, may = h.after(10*second, known)
	assert.True(t, may)
	h.pushback(10*second, 30*time.Second)
	h.pushback(11*second, 0)
	assert.False(t, h.take(39*second))
	assert.True(t, h.take(40*second))
	h.pushback(40*second, 1<<62)
	assert.True(t, h.take(40*second+int64(time.Hour)))
}

func TestHedgesInManyHands(t *testing.T) {
	var h hedging
	var hands sync.WaitGroup
	var hedged atomic.Int64
	for range 8 {
		hands.Go(func() {
			for range 10_000 {
				h.after(0, known)
				if h.take(0) {
					hedged.Add(1)
				}
			}
		})
	}
	hands.Wait()
	assert.AtMost(t, hedged.Load(), 80_000/50)
	assert.AtLeast(t, hedged.Load(), 80_000/50*9/10)
}
