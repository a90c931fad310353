package outbound_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// host is a service as far as a client knows it.
type host struct {
	components []life.Component
	telemetry  *telemetry.Telemetry
}

func (h *host) Add(c life.Component)            { h.components = append(h.components, c) }
func (h *host) Telemetry() *telemetry.Telemetry { return h.telemetry }

func component(t *testing.T, c outbound.Config) life.Component {
	t.Helper()
	var h host
	outbound.New(&h, c)
	assert.Len(t, h.components, 1)
	return h.components[0]
}

func TestADependencyIsAComponentOfTheService(t *testing.T) {
	payments := component(t, outbound.Config{Name: "payments", URL: parse(t, "http://payments:8080")})
	assert.Equal(t, payments.Name, "payments")
	assert.Equal(t, payments.Phase, life.Clients)
	assert.False(t, payments.Optional)
	assert.NoError(t, payments.Stop(t.Context()))

	unnamed := component(t, outbound.Config{URL: parse(t, "http://payments:8080"), Optional: true})
	assert.Equal(t, unnamed.Name, "payments:8080")
	assert.True(t, unnamed.Optional)
}

func TestADependencyIsReadyWhenItCanBeConnectedTo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	c := component(t, outbound.Config{Name: "payments", URL: parse(t, "http://"+l.Addr().String())})
	assert.NoError(t, c.Ready(t.Context()))
	assert.NoError(t, l.Close())
	assert.ErrorIs(t, c.Ready(t.Context()), syscall.ECONNREFUSED)
}

func TestTheDialGoesToThePortOfTheScheme(t *testing.T) {
	for raw, want := range map[string]string{"http://a": "a:80", "https://a": "a:443", "http://[::1]": "[::1]:80", "https://a:8443/x": "a:8443"} {
		var dialled string
		c := component(t, outbound.Config{URL: parse(t, raw), Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("far enough")
		}})
		assert.Error(t, c.Ready(t.Context()))
		assert.Equal(t, dialled, want)
	}
}

func TestReadinessIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blackHole := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		begun := time.Now()
		for _, path := range []string{"", "/healthz"} {
			c := component(t, outbound.Config{URL: parse(t, "http://a"), Dial: blackHole, HealthPath: path})
			assert.ErrorIs(t, c.Ready(t.Context()), context.DeadlineExceeded)
			assert.Equal(t, time.Since(begun), outbound.DefaultConnect)
			begun = time.Now()
		}
	})
}

func TestAHealthPathIsAsked(t *testing.T) {
	status, asked := 200, ""
	s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.String() + " " + r.Header.Get("Authorization")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "fine")
	}))
	c := component(t, outbound.Config{URL: parse(t, memhttp.URL+"/api"), HealthPath: "/livez", Dial: dial(s), Bearer: config.NewSecret("k")})
	for code, ready := range map[int]bool{200: true, 204: true, 301: true, 401: true, 404: true, 429: true, 500: false, 501: true, 503: false} {
		status = code
		err := c.Ready(t.Context())
		assert.Equal(t, err == nil, ready, "%d: %v", code, err)
		assert.Equal(t, asked, "GET /api/livez Bearer k")
	}
}

func TestAHealthPathThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memhttp.New(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		c := component(t, outbound.Config{URL: parse(t, memhttp.URL), HealthPath: "/livez", Dial: dial(s)})
		ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, c.Ready(ctx), context.DeadlineExceeded)
	})
}

func TestAHealthAnswerWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, zeros{}) }))
		c := component(t, outbound.Config{URL: parse(t, memhttp.URL), HealthPath: "/livez", Dial: dial(s)})
		assert.NoError(t, c.Ready(t.Context()))
	})
}
