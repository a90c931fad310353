package outbound

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// outageOf runs a client of so many first attempts a second through a minute of use and a minute in which everything
// fails after the given time, each failure wanting a retry; it returns the retries of that minute.
func outageOf(rate int, fails time.Duration) (retries int) {
	b := newRetryBudget(0)
	every := int64(time.Second) / int64(rate)
	now := int64(0)
	for ; now < int64(time.Minute); now += every {
		b.settle(now, true, true)
	}
	for ; now < int64(2*time.Minute); now += every {
		at := now + int64(fails)
		b.settle(at, true, false)
		for range 2 {
			if !b.take(at) {
				break
			}
			retries++
			b.settle(at, false, false)
		}
	}
	return retries
}

// The promise is 1.11 attempts a call over 60 s of failures.
func TestAnOutageIsNotAmplified(t *testing.T) {
	for _, rate := range []int{10, 100, 1000, 10_000} {
		for _, fails := range []time.Duration{0, 2 * time.Second} {
			retries := outageOf(rate, fails)
			amplification := 1 + float64(retries)/float64(60*rate)
			t.Logf("%d a second, failing after %v: %d retries, %.3f attempts a call", rate, fails, retries, amplification)
			assert.AtMost(t, amplification, 1.06)
			assert.True(t, retries > 0)
		}
	}
}

func TestWhatARetryBudgetHolds(t *testing.T) {
	drain := func(b *retryBudget, now int64) (n int) {
		for b.take(now) {
			n++
		}
		return n
	}
	second := int64(time.Second)
	assert.Equal(t, drain(newRetryBudget(0), 0), 3)
	assert.Equal(t, drain(newRetryBudget(0), 20*second), 5, "a client that never calls has 0.1 a second")
	assert.Equal(t, drain(newRetryBudget(0), 3600*second), 10, "and saves ten at most")

	b := newRetryBudget(0)
	for range 1000 {
		b.settle(second, true, true)
	}
	assert.Equal(t, drain(b, second), 100, "a tenth of the last 10 s")
	for range 1000 {
		b.settle(second, false, true)
	}
	assert.Equal(t, drain(b, second), 0, "what a caller above repeats earns nothing")

	b = newRetryBudget(0)
	for range 1000 {
		b.settle(second, true, true)
	}
	assert.AtMost(t, b.left(30*second), 10.0, "what was saved at a rate that is over")
}

func TestInAnOutageOnlySuccessesPay(t *testing.T) {
	b := newRetryBudget(0)
	for range 100 {
		b.settle(0, true, false)
	}
	for b.take(0) {
	}
	before := b.left(0)
	for range 10 {
		b.settle(0, true, false)
	}
	assert.Equal(t, b.left(0), before)
	for range 10 {
		b.settle(0, true, true)
	}
	assert.AtLeast(t, b.left(0), before+0.99)
}
