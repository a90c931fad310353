package outbound

import (
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestPushback(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	give := func(after time.Duration) pushback { return pushback{given: true, after: after} }
	for _, c := range []struct {
		header http.Header
		want   pushback
	}{
		{nil, pushback{}},
		{http.Header{"Plimsoll-Pushback": {"retry"}}, give(0)},
		{http.Header{"Plimsoll-Pushback": {"retry;after=250"}}, give(250 * time.Millisecond)},
		{http.Header{"Plimsoll-Pushback": {" retry ; x=1; after=250"}}, give(250 * time.Millisecond)},
		{http.Header{"Plimsoll-Pushback": {"noretry"}}, pushback{given: true, noRetry: true}},
		{http.Header{"Plimsoll-Pushback": {"noretry;after=1000"}}, pushback{given: true, noRetry: true, after: time.Second}},
		{http.Header{"Plimsoll-Pushback": {"retry;after=-1"}}, pushback{}},
		{http.Header{"Plimsoll-Pushback": {"later"}}, pushback{}},
		{http.Header{"Plimsoll-Pushback": {"retry", "noretry"}}, pushback{}},
		{http.Header{"Plimsoll-Pushback": {"retry"}, "Retry-After": {"7"}}, give(0)},
		{http.Header{"Grpc-Retry-Pushback-Ms": {"70"}, "Retry-After": {"7"}}, give(70 * time.Millisecond)},
		{http.Header{"Grpc-Retry-Pushback-Ms": {"-1"}}, pushback{given: true, noRetry: true}},
		{http.Header{"Grpc-Retry-Pushback-Ms": {"soon"}}, pushback{given: true, noRetry: true}},
		{http.Header{"Retry-After": {"7"}}, give(7 * time.Second)},
		{http.Header{"Retry-After": {"0"}}, give(0)},
		{http.Header{"Retry-After": {"Sun, 22 Nov 2026 12:00:30 GMT"}}, give(30 * time.Second)},
		{http.Header{"Retry-After": {"Sun, 22 Nov 2026 11:00:00 GMT"}}, give(0)},
		{http.Header{"Retry-After": {"-7"}}, pushback{}},
		{http.Header{"Retry-After": {"1.5"}}, pushback{}},
		{http.Header{"Retry-After": {"999999999999999"}}, give(longestAfter)},
		{http.Header{"Retry-After": {"9999999999999999"}}, pushback{}},
	} {
		assert.Equal(t, pushbackOf(c.header, now), c.want, "%v", c.header)
	}
}

func FuzzPushback(f *testing.F) {
	for _, v := range []string{"retry;after=250", "noretry", "7", "-1", "Sun, 22 Nov 2026 12:00:30 GMT", "99999999999999"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, name := range []string{headerPushback, headerGRPCPushback, headerRetryAfter} {
			p := pushbackOf(http.Header{name: {v}}, time.Unix(1e9, 0))
			assert.True(t, p.after >= 0, "%q", v)
			assert.True(t, p.given || p == pushback{}, "%q", v)
			if name != headerRetryAfter {
				assert.AtMost(t, p.after, longestAfter)
			}
		}
	})
}
