package budget

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

func TestForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := []struct {
			left time.Duration
			want string
		}{
			{-time.Second, "0"},
			{time.Millisecond, "0"},
			{2 * time.Millisecond, "0"},    // 1 ms of reserve, 0.2 ms of network
			{2900 * time.Microsecond, "1"}, // rounded down
			{10 * time.Millisecond, "8"},
			{50 * time.Millisecond, "48"},
			{100 * time.Millisecond, "97"}, // 2 % of reserve, 1 ms of network
			{5 * time.Second, "4899"},
		}
		for _, c := range cases {
			ctx, cancel := context.WithTimeout(t.Context(), c.left)
			h := http.Header{Header: {"99999"}}
			Forward(ctx, h)
			assert.Equal(t, h[Header], []string{c.want}, "left %v", c.left)
			cancel()
		}
		h := http.Header{}
		Forward(t.Context(), h)
		assert.Len(t, h, 0)
	})
}

func TestForwardTakesClassAndAttemptAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Ledger
		ctx := l.Open(t.Context(), Terms{Class: route.SheddablePlus, Attempt: 2})
		h := http.Header{HeaderClass: {"critical-plus"}, HeaderAttempt: {"7"}}
		Forward(ctx, h)
		assert.Equal(t, h, http.Header{HeaderClass: {"sheddable-plus"}, HeaderAttempt: {"2"}})
		Hop{Attempt: 1}.Forward(ctx, h)
		assert.Equal(t, h[HeaderAttempt], []string{"3"})
		Hop{Attempt: 1000}.Forward(ctx, h)
		assert.Equal(t, h[HeaderAttempt], []string{"99"})
		Forward(t.Context(), h) // outside of a request: nothing is claimed
		assert.Len(t, h, 0)
	})
}

func TestForwardSpeaksTheProtocolOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		h := http.Header{"Content-Type": {"application/grpc+proto"}, headerGRPC: {"5S"}}
		Forward(ctx, h)
		assert.Equal(t, h[headerGRPC], []string{"97m"})
		h = http.Header{"Connect-Protocol-Version": {"1"}}
		Forward(ctx, h)
		assert.Equal(t, h[headerConnect], []string{"97"})
		long, cancel := context.WithTimeout(t.Context(), 30*time.Hour)
		defer cancel()
		h = http.Header{"Content-Type": {"application/grpc"}}
		Forward(long, h)
		assert.Equal(t, h[headerGRPC], []string{"105839S"})
		d, ok := Inbound(h)
		assert.True(t, ok)
		assert.AtMost(t, d, 30*time.Hour)
	})
}

func TestNetworkIsMeasuredFromTwoDurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		assert.Equal(t, n.Of(time.Second), DefaultNetwork)
		assert.Equal(t, (*Network)(nil).Of(time.Second), DefaultNetwork)
		for range networkBelief - 1 {
			n.Observe(time.Now(), 30*time.Millisecond, 20*time.Millisecond)
			time.Sleep(2 * networkDue)
		}
		assert.Equal(t, n.Of(time.Second), DefaultNetwork)
		n.Observe(time.Now(), 30*time.Millisecond, 20*time.Millisecond)
		got := n.Of(time.Second)
		assert.True(t, got >= 10*time.Millisecond && got <= 11250*time.Microsecond, "%v is not 10 ms within a bucket", got)
		assert.Equal(t, n.Of(50*time.Millisecond), 5*time.Millisecond) // never more than a tenth
		assert.Equal(t, n.Of(-time.Second), 0)
	})
}

func TestNetworkForgetsAndTakesTheNinetieth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		for range 100 {
			n.Observe(time.Now(), 40*time.Millisecond, 0)
		}
		time.Sleep(2 * networkWindow)
		for i := range 100 {
			d := 2 * time.Millisecond
			if i%20 == 0 { // 5 %
				d = 90 * time.Millisecond
			}
			n.Observe(time.Now(), d, 0)
			time.Sleep(networkDue / 10)
		}
		got := n.Of(time.Second)
		assert.True(t, got >= 2*time.Millisecond && got <= 2250*time.Microsecond, "%v is not 2 ms within a bucket", got)
	})
}

func TestNetworkDoesNotBelieveALie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		for range 100 {
			n.Observe(time.Now(), 10*time.Millisecond, time.Hour)
			n.Observe(time.Now(), 10*time.Millisecond, -time.Hour)
			time.Sleep(networkDue)
		}
		assert.Equal(t, n.Of(time.Second), DefaultNetwork)
		for range 100 { // one that claims to take no time gets its budget cut by a tenth, not more
			n.Observe(time.Now(), 10*time.Second, 0)
			time.Sleep(networkDue)
		}
		assert.Equal(t, n.Of(time.Second), 100*time.Millisecond)
	})
}

func TestNetworkAllocatesNothing(t *testing.T) {
	n := NewNetwork()
	assert.Equal(t, testing.AllocsPerRun(100, func() {
		n.Observe(time.Now(), 2*time.Millisecond, time.Millisecond)
		_ = n.Of(time.Second)
	}), 0)
}

func TestParseAttempt(t *testing.T) {
	for v, want := range map[string]int{"0": 0, "1": 1, "99": 99, " 3;a=1": 3} {
		n, ok := ParseAttempt(v)
		assert.True(t, ok, "%q", v)
		assert.Equal(t, n, want)
	}
	for _, v := range []string{"", "-1", "100", "x", "1, 2", "999999999999999999"} {
		_, ok := ParseAttempt(v)
		assert.False(t, ok, "%q", v)
	}
}
