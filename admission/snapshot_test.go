package admission

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// The parts of a snapshot that others read by name.
func TestSnapshotAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newController(t, Config{Mode: "fixed:2", Queue: 1})
		for range 2 * believe {
			a, b := acquire(t, c), acquire(t, c)
			time.Sleep(10 * time.Millisecond)
			a.Release(Success)
			b.Release(Success)
		}
		acquire(t, c)
		acquire(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = c.Acquire(ctx, route.Critical) }()
		synctest.Wait()
		assert.ErrorIs(t, c.Hopeless(t.Context(), route.Sheddable), ErrShed)

		raw, err := json.Marshal(c.Snapshot())
		assert.NoError(t, err)
		text := string(raw)
		for _, part := range []string{
			`"mode":"fixed:2","limit":2,"in_flight":2,"queue_limit":1,`,
			`"queue":[{"class":"critical-plus","count":0},{"class":"critical","count":1},`,
			`"ended":[{"outcome":"success","count":32},`,
			`{"reason":"queue-full","class":"sheddable","count":1}`,
		} {
			assert.Contains(t, text, part)
		}
		s := c.Snapshot() // 2 at once, 10 ms each
		assert.AtLeast(t, s.Rate, 160)
		assert.AtMost(t, s.Rate, 210)
		assert.AtLeast(t, s.Typical, 8*time.Millisecond)
		assert.AtMost(t, s.Typical, 10*time.Millisecond)
		assert.Len(t, s.Refused, int(reasons)*levels)
		cancel()
	})
}

// Every duration is in the bucket that says so, and an estimate is off by a
// quarter octave at most.
func TestBuckets(t *testing.T) {
	assert.Equal(t, bucketOf(-1), 0)
	assert.Equal(t, bucketOf(0), 0)
	assert.Equal(t, bucketOf(1<<62), buckets-1)
	before := 0
	for d := int64(1); d < int64(20*time.Minute); d += d/50 + 1 {
		b := bucketOf(d)
		assert.AtLeast(t, b, before)
		assert.AtMost(t, lowest(b), d)
		if b < buckets-1 {
			assert.AtLeast(t, lowest(b+1), d+1)
		}
		if b > 0 && b < buckets-1 {
			assert.AtMost(t, float64(lowest(b+1))/float64(lowest(b)), 1.26)
		}
		before = b
	}
	assert.Equal(t, before, buckets-1)
}
