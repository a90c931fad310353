package budget

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

func TestStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := []struct {
			name   string
			ago    time.Duration // how long before now the request arrived
			limit  time.Duration
			header http.Header
			want   time.Duration
		}{
			{"the route's limit", 0, time.Second, nil, time.Second},
			{"no limit is the default", 0, 0, nil, DefaultLimit},
			{"from the arrival", 300 * time.Millisecond, time.Second, nil, 700 * time.Millisecond},
			{"a caller may shorten", 0, time.Second, http.Header{Header: {"250"}}, 250 * time.Millisecond},
			{"a caller may not lengthen", 0, time.Second, http.Header{Header: {"999999999999999"}}, time.Second},
			{"spent on arrival", 0, time.Second, http.Header{Header: {"0"}}, 0},
		}
		for _, c := range cases {
			ctx, cancel := Start(t.Context(), time.Now().Add(-c.ago), c.limit, c.header)
			left, ok := Remaining(ctx)
			assert.True(t, ok, c.name)
			assert.Equal(t, left, c.want, c.name)
			cancel()
		}
	})
}

func TestRemaining(t *testing.T) {
	_, ok := Remaining(t.Context())
	assert.False(t, ok)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	left, ok := Remaining(ctx)
	assert.True(t, ok)
	assert.Equal(t, left, 0)
}

func TestCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := Start(t.Context(), time.Now(), time.Second, nil)
		defer cancel()
		assert.NoError(t, Cause(ctx))
		<-ctx.Done()
		assert.Equal(t, Cause(ctx), ErrExceeded)
		assert.Equal(t, context.Cause(ctx), ErrExceeded)
		assert.Equal(t, problem.From(ErrExceeded).Kind, problem.Deadline)

		parent, leave := context.WithCancel(t.Context())
		ctx, cancel = Start(parent, time.Now(), time.Second, nil)
		defer cancel()
		leave()
		assert.Equal(t, Cause(ctx), ErrClientGone)
		assert.ErrorIs(t, Cause(ctx), context.Canceled)

		drained := errors.New("draining")
		told, tell := context.WithCancelCause(t.Context())
		tell(drained)
		assert.Equal(t, Cause(told), drained)

		plain, stop := context.WithTimeout(t.Context(), 0)
		defer stop()
		assert.Equal(t, Cause(plain), ErrExceeded)
	})
}
