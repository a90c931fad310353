package outbound_test

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// dies answers the first request of each connection and ends the connection when a second one has been read: the
// race of a kept-alive connection with its other side's idle timeout, at its worst, since the request did arrive.
func dies(t *testing.T, end func(net.Conn)) (*outbound.Client, *scripted) {
	t.Helper()
	var warm sync.Map // of connections
	s := script(t, func(conn net.Conn, _ int64) bool {
		if _, second := warm.LoadOrStore(conn, true); second {
			end(conn)
			return false
		}
		_, err := conn.Write([]byte(okay))
		return err == nil
	})
	return s.client(t, "", 0), s
}

func TestWhatMayBeSentTwice(t *testing.T) {
	ends := map[string]func(net.Conn){"FIN": func(net.Conn) {}, "RST": reset}
	for how, end := range ends {
		for _, c := range []struct {
			method, key string
			arrives     int64
		}{
			{http.MethodGet, "", 2},
			{http.MethodPost, "", 1},
			{http.MethodPatch, "", 1},
			{http.MethodPut, "", 2},
			{http.MethodDelete, "", 2},
			{http.MethodPost, "Idempotency-Key", 2},
		} {
			t.Run(how+" "+c.method+" "+c.key, func(t *testing.T) {
				client, s := dies(t, end)
				_, err := fetch(client, get(t, t.Context(), "/warm"))
				assert.NoError(t, err)

				r, err := http.NewRequestWithContext(t.Context(), c.method, "/", strings.NewReader("body"))
				assert.NoError(t, err)
				if c.key != "" {
					r.Header.Set(c.key, `"k"`)
				}
				_, err = fetch(client, r)
				assert.Equal(t, s.requests.Load()-1, c.arrives)
				if c.arrives == 1 {
					wantKind(t, err, problem.Upstream)
				} else {
					assert.NoError(t, err)
				}
			})
		}
	}
}

// net/http alone would send the request once more for each connection that it has kept.
func TestKeptConnectionsThatDieAreNoFurtherAttempts(t *testing.T) {
	const kept = 8
	all := make(chan struct{})
	var arrived atomic.Int64
	var warm sync.Map
	s := script(t, func(conn net.Conn, _ int64) bool {
		if _, second := warm.LoadOrStore(conn, true); second {
			return false
		}
		if arrived.Add(1) == kept {
			close(all)
		}
		<-all // so that each has a connection of its own
		_, err := conn.Write([]byte(okay))
		return err == nil
	})
	c := s.client(t, "", 3)
	var group sync.WaitGroup
	for range kept {
		group.Go(func() { _, err := fetch(c, get(t, t.Context(), "/warm")); assert.NoError(t, err) })
	}
	group.Wait()
	_, err := fetch(c, get(t, t.Context(), "/"))
	wantKind(t, err, problem.Upstream)
	assert.Equal(t, s.requests.Load(), kept+3)
}

func TestFreshConnectionsThatDieAreAttempts(t *testing.T) {
	s := script(t, func(net.Conn, int64) bool { return false })
	c := s.client(t, "", 3)
	_, err := fetch(c, get(t, t.Context(), "/"))
	wantKind(t, err, problem.Upstream)
	assert.Equal(t, s.requests.Load(), 3)
	assert.Equal(t, s.accepted.Load(), 3)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("body"))
	assert.NoError(t, err)
	_, err = fetch(c, r)
	wantKind(t, err, problem.Upstream)
	assert.Equal(t, s.requests.Load(), 4)
}
