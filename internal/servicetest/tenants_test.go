package servicetest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// One that floods the queue is refused before another is, and its requests make
// room for the other's.
func TestOneTenantsFloodLeavesRoomForAnother(t *testing.T) {
	for name, o := range map[string]struct {
		options []route.Option
		environ string
	}{
		"service": {nil, "PLIMSOLL_TENANT=header:X-Tenant"},
		"route":   {[]route.Option{route.Tenant(func(r *http.Request) string { return r.Header.Get("X-Tenant") })}, "PLIMSOLL_TENANT="},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
				svc.HandleFunc("GET /work", func(http.ResponseWriter, *http.Request) { <-release }, append(o.options, route.Budget(time.Minute))...)
				return nil
			}, "PLIMSOLL_ADMISSION=fixed:4", o.environ)
			answers := map[string]chan int{"greedy": make(chan int, 8), "modest": make(chan int, 1)}
			ask := func(tenant string) {
				go func() {
					res, _ := s.get("/work", "X-Tenant", tenant)
					answers[tenant] <- res.StatusCode
				}()
			}
			for range 8 { // four run, four wait
				ask("greedy")
			}
			s.queuedRequests("4")
			res, _ := s.get("/work", "X-Tenant", "greedy")
			assert.Equal(t, res.StatusCode, http.StatusServiceUnavailable)
			ask("modest")
			assert.Equal(t, <-answers["greedy"], http.StatusServiceUnavailable, "the newest made room")
			close(release)
			assert.Equal(t, <-answers["modest"], http.StatusOK)
			for range 7 {
				assert.Equal(t, <-answers["greedy"], http.StatusOK)
			}
		})
	}
}
