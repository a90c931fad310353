package budget

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestInbound(t *testing.T) {
	const none = -1
	cases := []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing", http.Header{}, none},
		{"budget", http.Header{Header: {"245"}}, 245 * time.Millisecond},
		{"spent", http.Header{Header: {"0"}}, 0},
		{"below zero is spent", http.Header{Header: {"-3"}}, 0},
		{"parameters are ignored", http.Header{Header: {` 7;a;b=1.5; c="x\"y";d=?1;e=tok/en;f=:YQ==:;g=@-9;h=%"%c3%bc";*i=-2`}}, 7 * time.Millisecond},
		{"decimal is no integer", http.Header{Header: {"1.5"}}, none},
		{"16 digits are no integer", http.Header{Header: {"1234567890123456"}}, none},
		{"15 digits overflow to for ever", http.Header{Header: {"999999999999999"}}, math.MaxInt64},
		{"plus sign", http.Header{Header: {"+1"}}, none},
		{"list", http.Header{Header: {"1, 2"}}, none},
		{"text", http.Header{Header: {"soon"}}, none},
		{"empty", http.Header{Header: {""}}, none},
		{"tab", http.Header{Header: {"\t5"}}, none},
		{"two lines: the least", http.Header{Header: {"9", "5", "x"}}, 5 * time.Millisecond},
		{"grpc hours", http.Header{headerGRPC: {"1H"}}, time.Hour},
		{"grpc minutes", http.Header{headerGRPC: {"2M"}}, 2 * time.Minute},
		{"grpc seconds", http.Header{headerGRPC: {"3S"}}, 3 * time.Second},
		{"grpc milliseconds", http.Header{headerGRPC: {"100m"}}, 100 * time.Millisecond},
		{"grpc microseconds", http.Header{headerGRPC: {"5u"}}, 5 * time.Microsecond},
		{"grpc nanoseconds", http.Header{headerGRPC: {"6n"}}, 6},
		{"grpc overflow", http.Header{headerGRPC: {"99999999H"}}, math.MaxInt64},
		{"grpc 9 digits", http.Header{headerGRPC: {"123456789n"}}, none},
		{"grpc no digits", http.Header{headerGRPC: {"m"}}, none},
		{"grpc no unit", http.Header{headerGRPC: {"100"}}, none},
		{"grpc unknown unit", http.Header{headerGRPC: {"100s"}}, none},
		{"grpc negative", http.Header{headerGRPC: {"-1S"}}, none},
		{"grpc empty", http.Header{headerGRPC: {""}}, none},
		{"connect", http.Header{headerConnect: {"1500"}}, 1500 * time.Millisecond},
		{"connect 10 digits", http.Header{headerConnect: {"9999999999"}}, 9999999999 * time.Millisecond},
		{"connect 11 digits", http.Header{headerConnect: {"99999999999"}}, none},
		{"envoy", http.Header{headerEnvoy: {"15000"}}, 15 * time.Second},
		{"envoy 16 digits", http.Header{headerEnvoy: {"1000000000000000"}}, none},
		{"the least of all", http.Header{Header: {"400"}, headerGRPC: {"300m"}, headerConnect: {"x"}, headerEnvoy: {"500"}}, 300 * time.Millisecond},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := Inbound(c.header)
			assert.Equal(t, ok, c.want != none)
			assert.Equal(t, got, max(0, c.want))
		})
	}
}

func TestParameters(t *testing.T) {
	for _, bad := range []string{
		"1;", "1;A=1", "1;a=", "1 ;a", "1;a b", `1;a="x`, `1;a="\x"`, "1;a=\"\x01\"", `1;a="\`, "1;a=?2", "1;a=?", "1;a=:x", "1;a=@", "1;a=-",
		"1;a=1234567890123456", "1;a=1.", "1;a=1.2345", "1;a=1234567890123.1", `1;a=%"`, "1;a=%x", "1;a=(1)", "1x",
	} {
		if _, ok := parseInteger(bad); ok {
			t.Errorf("%q is taken for an integer", bad)
		}
	}
}

// A budget shrinks at every hop, so a loop of services ends.
func TestForwardShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, hops := http.Header{Header: {"1000"}}, 0
		for last := time.Second; ; hops++ {
			ctx, cancel := Start(t.Context(), time.Now(), time.Minute, h)
			Forward(ctx, h)
			cancel()
			left, ok := Inbound(h)
			assert.True(t, ok)
			if left == 0 {
				break
			}
			assert.True(t, left < last)
			last = left
		}
		assert.AtMost(t, hops, 250)
	})
}

func FuzzInbound(f *testing.F) {
	for _, seed := range []string{"", "0", "245", "-1", "1;a=1", `1;a="\"`, "100m", "99999999H", "9999999999", "1.5", ":YQ==:", "%\"%c3\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, key := range []string{Header, headerGRPC, headerConnect, headerEnvoy} {
			d, ok := Inbound(http.Header{key: {v}})
			if d < 0 || !ok && d != 0 {
				t.Fatalf("%s: %q is %v, %v", key, v, d, ok)
			}
			both, _ := Inbound(http.Header{key: {v, v}})
			if both != d {
				t.Fatalf("%s: %q twice is %v, once %v", key, v, both, d)
			}
		}
		n, ok := parseInteger(v)
		if !ok {
			return
		}
		digits, _, _ := strings.Cut(strings.Trim(v, " "), ";")
		want, err := strconv.ParseInt(strings.TrimRight(digits, " "), 10, 64)
		if err != nil || n != want {
			t.Fatalf("%q is %d, want %d (%v)", v, n, want, err)
		}
	})
}
