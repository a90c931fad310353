package outbound

import (
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// calm is a situation in which everything but the outcome is in favour of another attempt.
func calm(o outcome) situation {
	return situation{outcome: o, safe: true, replayable: true, most: 3, left: time.Second, typical: 10 * time.Millisecond, random: 0.5}
}

func TestEachOutcomeIsDecided(t *testing.T) {
	for o := range outcomes {
		want := map[outcome]verdict{
			answered: settled, hopeless: settled, broken: settled, spent: settled, gone: settled, faulty: settled, limited: forbidden,
		}[o]
		_, got := decide(calm(o))
		assert.Equal(t, got, want, "%v", o)

		unsafely := calm(o)
		unsafely.safe = false
		if want == again && !o.notExecuted() {
			want = unsafe
		}
		_, got = decide(unsafely)
		assert.Equal(t, got, want, "%v, not safe", o)
		assert.NotEqual(t, o.String(), "unknown")
	}
	assert.Equal(t, outcomes.String(), "unknown")
	assert.Equal(t, verdicts.String(), "unknown")
}

func TestWhatForbidsAnotherAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*situation)
		want   verdict
	}{
		"nothing":                  {func(*situation) {}, again},
		"the last attempt":         {func(s *situation) { s.attempt = 2 }, exhausted},
		"one but the last":         {func(s *situation) { s.attempt = 1 }, again},
		"attempts above":           {func(s *situation) { s.inbound = 2 }, exhausted},
		"one attempt above":        {func(s *situation) { s.inbound = 1 }, again},
		"a body read once":         {func(s *situation) { s.replayable = false }, bodyGone},
		"pushback":                 {func(s *situation) { s.pushback = pushback{given: true, noRetry: true} }, forbidden},
		"pushback beyond the time": {func(s *situation) { s.pushback = pushback{given: true, after: time.Second} }, noTime},
		"pushback within":          {func(s *situation) { s.pushback = pushback{given: true, after: 900 * time.Millisecond} }, again},
		"a second refusal":         {func(s *situation) { s.outcome, s.refused = refused, 2 }, forbidden},
		"no time for another":      {func(s *situation) { s.left = 22 * time.Millisecond }, noTime},
		"just time for another":    {func(s *situation) { s.left = 23 * time.Millisecond }, again},
		"a quota without a time":   {func(s *situation) { s.outcome = limited }, forbidden},
		"a quota with a time":      {func(s *situation) { s.outcome, s.pushback = limited, pushback{given: true, after: time.Millisecond} }, again},
	} {
		s := calm(failed)
		c.change(&s)
		_, got := decide(s)
		assert.Equal(t, got, c.want, "%s", name)
	}
}

func TestPauses(t *testing.T) {
	pause := func(change func(*situation)) time.Duration {
		s := calm(failed)
		s.most, s.left, s.random = 100, time.Hour, 1
		change(&s)
		d, v := decide(s)
		assert.Equal(t, v, again)
		return d
	}
	for attempt, want := range map[int]time.Duration{0: 25 * time.Millisecond, 1: 50 * time.Millisecond, 3: 200 * time.Millisecond, 4: mostPause, 90: mostPause} {
		assert.Equal(t, pause(func(s *situation) { s.attempt = attempt }), want)
		assert.Equal(t, pause(func(s *situation) { s.attempt, s.random = attempt, 0 }), 0)
	}
	assert.Equal(t, pause(func(s *situation) { s.outcome, s.refused = refused, 1 }), 0)
	assert.Equal(t, pause(func(s *situation) { s.outcome = stale }), 0)
	asked := pushback{given: true, after: 300 * time.Millisecond}
	assert.Equal(t, pause(func(s *situation) { s.outcome, s.pushback, s.random = refused, asked, 0 }), asked.after)
	assert.Equal(t, pause(func(s *situation) { s.pushback = asked }), asked.after+firstPause)
}

func TestSafeMethods(t *testing.T) {
	for _, m := range []string{"", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"} {
		assert.True(t, safeMethod(m), "%s", m)
	}
	for _, m := range []string{"POST", "PATCH", "CONNECT", "get", "LOCK"} {
		assert.False(t, safeMethod(m), "%s", m)
	}
	assert.True(t, keyed(http.Header{"Idempotency-Key": {`"k"`}}))
	assert.True(t, keyed(http.Header{"X-Idempotency-Key": {"k"}}))
	assert.False(t, keyed(http.Header{"Idempotency-Key": nil}))
}

func TestPatience(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct{ left, typical, slowest, want time.Duration }{
		{1000 * ms, 10 * ms, 100 * ms, 120 * ms},
		{1000 * ms, 0, 0, 1000 * ms},              // nothing is known
		{1000 * ms, 10 * ms, 5000 * ms, 965 * ms}, // less one attempt and its pause
		{100 * ms, 40 * ms, 90 * ms, 100 * ms},    // no time for two
		{106 * ms, 40 * ms, 90 * ms, 41 * ms},     // just
		{30 * ms, 10 * ms, 10 * ms, 30 * ms},      // the pause alone would take it
		{2000 * ms, 100 * ms, 100 * ms, 120 * ms}, // all take the same
		{1000 * ms, 1 * ms, 2 * ms, 10 * ms},      // no sooner
	} {
		assert.Equal(t, patience(c.left, c.typical, c.slowest), c.want, "%v", c)
	}
}

func TestOutcomesOfAnswers(t *testing.T) {
	no := http.Header{"Plimsoll-Executed": {"no"}}
	for _, c := range []struct {
		status int
		header http.Header
		want   outcome
	}{
		{200, nil, answered}, {404, nil, answered}, {302, nil, answered}, {408, nil, answered}, {501, nil, answered}, {505, nil, answered},
		{500, nil, failed}, {502, nil, failed}, {503, nil, failed}, {504, nil, failed}, {429, nil, limited}, {429, no, limited},
		{503, no, refused}, {504, no, hopeless}, {500, no, failed}, {503, http.Header{"Plimsoll-Executed": {"yes"}}, failed},
		{503, http.Header{"Plimsoll-Executed": {"no", "no"}}, failed},
	} {
		assert.Equal(t, outcomeOfAnswer(&http.Response{StatusCode: c.status, Header: c.header}), c.want, "%d %v", c.status, c.header)
	}
}
