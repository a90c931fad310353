package outbound

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// refuser accepts so many calls in each tenth of a second.
type refuser struct {
	capacity float64
	tenth    int64
	left     float64
}

func (r *refuser) accepts(now int64) bool {
	if tenth := now / (100 * millisecond); tenth != r.tenth {
		r.tenth, r.left = tenth, min(r.left, 1)+r.capacity/10
	}
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}

// against sends calls at a rate and returns how many were sent and accepted.
func (t *throttle) against(dep *refuser, random *rand.Rand, from, to int64, rate float64) (sent, accepted int) {
	for _, now := range randomly(random, from, to, rate) {
		if !t.allow(now, false, random.Float64()) {
			continue
		}
		sent++
		ok := dep.accepts(now)
		if ok {
			accepted++
		}
		t.record(now, ok)
	}
	return sent, accepted
}

func TestThrottleSendsTwiceWhatIsTaken(t *testing.T) {
	for _, capacity := range []float64{20, 100, 1000} {
		for _, overload := range []float64{2, 5, 20} {
			r := rand.New(rand.NewPCG(uint64(capacity), uint64(overload)))
			var own throttle
			dep := &refuser{capacity: capacity}
			own.against(dep, r, 0, 10*second, overload*capacity)
			sent, accepted := own.against(dep, r, 10*second, 40*second, overload*capacity)
			note := fmt.Sprintf("%v a second, %v times as many: sent %.2f, accepted %.2f", capacity, overload,
				float64(sent)/30/capacity, float64(accepted)/30/capacity)
			assert.AtMost(t, float64(sent), 2.3*capacity*30, note)
			assert.AtLeast(t, float64(accepted), 0.95*capacity*30, note)
		}
	}
}

func TestThrottleOpensWithinTwoSeconds(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		rate := pow(2, 14*r.Float64()) // 1 to 16,000 a second
		var own throttle
		own.against(&refuser{}, r, 0, 30*second, rate)
		dep := &refuser{capacity: 10 * rate}
		own.against(dep, r, 30*second, 32*second, rate)
		all := 0
		for _, now := range randomly(r, 32*second, 40*second, rate) {
			if own.allow(now, false, r.Float64()) {
				own.record(now, true)
			} else {
				all++
			}
		}
		assert.Zero(t, all, fmt.Sprintf("%.0f a second", rate))
	}
}

func TestThrottleLetsASeldomCallerThrough(t *testing.T) {
	var own throttle
	for now := int64(0); now < 60*second; now += 100 * millisecond {
		assert.True(t, own.allow(now, false, 0), now)
		own.record(now, false)
	}
}

func TestThrottleMindsNoStrayRefusal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var own throttle
	for now := int64(0); now < 60*second; now += 10 * millisecond {
		assert.True(t, own.allow(now, false, 0), now)
		own.record(now, r.Float64() >= 0.1 || now < second)
	}
}

func TestThrottleLetsMoreCriticalCallsThrough(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var own throttle
	own.against(&refuser{capacity: 100}, r, 0, 20*second, 500)
	critical, ordinary := 0, 0
	for range 1000 {
		if own.allow(20*second, true, r.Float64()) {
			critical++
		}
		if own.allow(20*second, false, r.Float64()) {
			ordinary++
		}
	}
	assert.AtLeast(t, critical, ordinary*5/4)
	assert.AtMost(t, critical, ordinary*7/4)
}

func TestThrottleForgetsWhenItIsTold(t *testing.T) {
	var own throttle
	refused := func(from, to int64) {
		for now := from; now < to; now += millisecond {
			if own.allow(now, false, 0.5) {
				own.record(now, false)
				own.pushback(now, time.Second)
			}
		}
	}
	refused(0, 5*second)
	assert.False(t, own.allow(5*second, false, 0.5))
	assert.True(t, own.allow(6*second+100*millisecond, false, 0), "a second after the last word")
	refused(10*second, 15*second)
	assert.False(t, own.allow(15*second, false, 0.5), "it says so again")
	own.pushback(15*second, time.Hour)
	own.pushback(15*second, -1)
	own.record(24*second, false)
	assert.True(t, own.allow(25*second, false, 0), "nothing lasts longer than the window")
}

func TestWindowForgetsAndKeepsItsSlotsApart(t *testing.T) {
	var w window
	for s := range int64(30) {
		w.add(s*second, s%3 == 0)
		w.add(s*second, false)
	}
	good, bad := w.sum(29*second+millisecond, 0)
	assert.Equal(t, [2]int{good, bad}, [2]int{3, 17}, "20 s to 29 s") // 21, 24, 27
	good, bad = w.sum(29*second+millisecond, 27*second)
	assert.Equal(t, [2]int{good, bad}, [2]int{1, 5})
	good, bad = w.sum(29*second+millisecond, 60*second)
	assert.Equal(t, [2]int{good, bad}, [2]int{0, 0})
	good, bad = w.sum(3600*second, 0)
	assert.Equal(t, [2]int{good, bad}, [2]int{0, 0})
	w.slots[0].Store(7200<<(2*countBits) | countMask)
	w.add(3600*second, false)
	good, bad = w.sum(3600*second, 0)
	assert.Equal(t, [2]int{good, bad}, [2]int{0, countMask}, "a full counter stays")
}

func TestWindowInManyHands(t *testing.T) {
	var w window
	var own throttle
	var hands sync.WaitGroup
	for range 8 {
		hands.Go(func() {
			for now := int64(0); now < 5*second; now += millisecond {
				w.add(now, now/millisecond%2 == 0)
				own.pushback(now, time.Millisecond)
				if own.allow(now, false, 0.5) {
					own.record(now, now/millisecond%3 == 0)
				}
			}
		})
	}
	hands.Wait()
	good, bad := w.sum(5*second-1, 0)
	assert.Equal(t, [2]int{good, bad}, [2]int{8 * 2500, 8 * 2500})
}
