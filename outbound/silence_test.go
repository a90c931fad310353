package outbound_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// hole is a connection that can go silent without being closed, as one does behind a firewall that forgot it.
type hole struct {
	net.Conn
	silent, closed chan struct{}
	once           sync.Once
}

func (h *hole) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	select {
	case <-h.silent:
		<-h.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (h *hole) Close() error {
	h.once.Do(func() { close(h.closed) })
	return h.Conn.Close()
}

// All calls of a service to a dependency may share one HTTP/2 connection. When it dies silently each of them would run
// into its deadline, one after the other, until TCP gives up.
func TestASilentHTTP2ConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memhttp.Listen()
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
		s.Listener = network
		s.EnableHTTP2 = true
		s.StartTLS()
		defer s.Close()

		var conns []*hole
		c := outbound.New(nil, outbound.Config{
			URL: parse(t, "https://example.com"), Attempts: 1, TLS: s.Client().Transport.(*http.Transport).TLSClientConfig,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				conn, err := network.Dial(ctx, "", "")
				conns = append(conns, &hole{Conn: conn, silent: make(chan struct{}), closed: make(chan struct{})})
				return conns[len(conns)-1], err
			},
		})
		defer c.Transport().(interface{ CloseIdleConnections() }).CloseIdleConnections()
		proto, err := fetch(c, get(t, t.Context(), "/"))
		assert.NoError(t, err)
		assert.Equal(t, proto, "HTTP/2.0")

		close(conns[0].silent)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		_, err = fetch(c, get(t, ctx, "/"))
		wantKind(t, err, problem.Upstream)
		assert.AtMost(t, time.Since(begun), 8*time.Second)
		_, err = fetch(c, get(t, ctx, "/"))
		assert.NoError(t, err)
		assert.Len(t, conns, 2)
	})
}
