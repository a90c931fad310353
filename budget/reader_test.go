package budget

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestReaderReadsConfiguredHeaders(t *testing.T) {
	r, err := NewReader(" x-client-timeout-ms=ms, X-Deadline=s,X-Fine=us")
	assert.NoError(t, err)
	assert.Equal(t, r.Headers(), []string{Header, headerGRPC, headerConnect, headerEnvoy, "X-Client-Timeout-Ms", "X-Deadline", "X-Fine"})
	for name, h := range map[string]http.Header{
		"ms":    {"X-Client-Timeout-Ms": {"300"}},
		"s":     {"X-Deadline": {"2"}, "X-Client-Timeout-Ms": {"300"}},
		"us":    {"X-Fine": {"300000"}, Header: {"400"}},
		"least": {"X-Deadline": {"7"}, headerGRPC: {"300m"}, Header: {"1000"}},
	} {
		d, ok := r.Inbound(h)
		assert.True(t, ok, "%s", name)
		assert.Equal(t, d, 300*time.Millisecond, "%s", name)
	}
	_, ok := r.Inbound(http.Header{"X-Deadline": {"1.5"}})
	assert.False(t, ok)
}

func TestReaderRefusesAListAtOnce(t *testing.T) {
	_, err := NewReader("X-A=h, X B=ms, Plimsoll-Budget=ms, X-C=s, x-c=s, =ms, X-D")
	for _, want := range []string{`X-A has the unit "h"`, `"X B" is no header's name`, "Plimsoll-Budget is read already", "X-C is read already", `"" is no header's name`, `X-D has the unit ""`} {
		assert.Contains(t, err.Error(), want)
	}
	_, err = NewReader(strings.TrimSuffix(strings.Repeat("X-A=ms,", 9), ","))
	assert.Contains(t, err.Error(), "9 headers are more than 8")
	for _, empty := range []string{"", "  "} {
		r, err := NewReader(empty)
		assert.NoError(t, err)
		assert.Len(t, r.Headers(), 4)
	}
}

func TestReaderCountsWhatIsMalformed(t *testing.T) {
	r, err := NewReader("X-Deadline=s")
	assert.NoError(t, err)
	flood := make([]string, 1000)
	for i := range flood {
		flood[i] = "100"
	}
	d, ok := r.Inbound(http.Header{Header: flood, headerGRPC: {"soon", "1S", ""}, "X-Deadline": {strings.Repeat("0", 1000)}})
	assert.True(t, ok)
	assert.Equal(t, d, 100*time.Millisecond)
	got := map[string]int64{}
	for name, n := range r.Malformed {
		got[name] = n
	}
	assert.Equal(t, got, map[string]int64{Header: 992, headerGRPC: 2, headerConnect: 0, headerEnvoy: 0, "X-Deadline": 1})
}

func TestReadingAllocatesNothing(t *testing.T) {
	r, err := NewReader("X-Deadline=s")
	assert.NoError(t, err)
	h := http.Header{Header: {"245"}, headerGRPC: {"x"}, "X-Deadline": {"1"}}
	assert.Equal(t, testing.AllocsPerRun(100, func() { r.Inbound(h) }), 0)
}

func FuzzReader(f *testing.F) {
	for _, seed := range [][2]string{{"X-A=ms", "15"}, {"X-A=s,X-B=us", "999999999999999"}, {"X-A=ms,,", ""}, {"Plimsoll-Budget=s", "1"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, list, v string) {
		r, err := NewReader(list)
		if err != nil {
			return
		}
		for _, name := range r.Headers() {
			h := http.Header{name: {v}}
			d, ok := r.Inbound(h)
			if d < 0 || !ok && d != 0 {
				t.Fatalf("%s: %q is %v, %v", name, v, d, ok)
			}
			if h[Header] = append(h[Header], "50"); true {
				if least, ok := r.Inbound(h); !ok || least > 50*time.Millisecond {
					t.Fatalf("%s: %q lengthens 50 ms to %v", name, v, least)
				}
			}
		}
	})
}
