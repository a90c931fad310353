package servicetest

import (
	"context"
	"net/http"
	"testing"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
)

func TestAComponentThatHangsLeavesTimeForThoseAfterIt(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /ok", func(http.ResponseWriter, *http.Request) {})
		svc.Add(life.Component{Name: "worker", Phase: life.Jobs, Stop: func(context.Context) error { <-release; return nil }})
		svc.Add(life.Component{Name: "database", Phase: life.Stores, Stop: func(ctx context.Context) error { return ctx.Err() }})
		return nil
	}, "PLIMSOLL_DRAIN=100ms", "PLIMSOLL_GRACE=600ms")
	lost := assert.ErrorAs[*plimsoll.LostError](t, s.end())
	assert.Equal(t, lost.Components, []string{"worker: had not stopped in time"})
	assert.Len(t, s.lines("drained"), 1)
}
