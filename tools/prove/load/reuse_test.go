package load_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// A request that is due while all connections are idle goes, by round robin, to one that was not used yet or whose last
// answer is the oldest; by LIFO to the one whose last answer is the newest. How many connections a busy machine makes
// the run open does not matter.
func TestReuse(t *testing.T) {
	for name, c := range map[string]struct {
		reuse load.Reuse
		fits  func(chosen time.Duration, others []time.Duration) bool // when they were last answered; 0: never used
	}{
		"round robin": {load.RoundRobin, func(chosen time.Duration, others []time.Duration) bool {
			for _, o := range others {
				if o < chosen {
					return false
				}
			}
			return true
		}},
		"lifo": {load.LIFO, func(chosen time.Duration, others []time.Duration) bool {
			for _, o := range others {
				if o > chosen {
					return false
				}
			}
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			calm, right := judgeReuse(t, c.reuse, c.fits)
			t.Logf("%d of 100 requests were due while all connections were idle, %d went where they should", calm, right)
			assert.AtLeast(t, calm, 20)
			assert.AtLeast(t, right, calm*9/10) // an answered connection may not be back in the ring yet
		})
	}
}

func judgeReuse(t *testing.T, reuse load.Reuse, fits func(time.Duration, []time.Duration) bool) (calm, right int) {
	t.Helper()
	var mu sync.Mutex
	by := map[string]int{} // connection by request
	addr := serveRequests(t, func(r *http.Request, _ []byte, conn int) string {
		mu.Lock()
		defer mu.Unlock()
		by[r.URL.Path] = conn
		return ok
	})
	raw := "GET /" + load.Unique + " HTTP/1.1\r\nHost: test\r\n\r\n"
	res := run(t, load.Plan{Target: addr, Mix: []load.Request{{Build: load.Template([]byte(raw))}}, Rate: 200,
		Duration: 500 * time.Millisecond, Arrival: load.Uniform, Conns: 4, Reuse: reuse, Seed: 9})
	assert.Equal(t, res.Counts().Of(load.OK), 100)
	assert.True(t, res.Rows[0].Has(load.Reused), "a connection opened before the start")

	last := map[int]time.Duration{} // answer by connection
	var latest time.Duration
	for i := range res.Rows {
		row, conn := &res.Rows[i], by["/"+load.ID(9, i)]
		if i > 4 && row.Picked > latest+time.Millisecond && row.Has(load.Reused) {
			calm++
			var others []time.Duration
			for other, at := range last {
				if other != conn {
					others = append(others, at)
				}
			}
			if fits(last[conn], others) {
				right++
			}
		}
		last[conn] = row.Last
		latest = max(latest, row.Last)
	}
	return calm, right
}
