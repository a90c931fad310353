package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// Where calls go through a proxy, a direct connection says nothing about them. ProxyFromEnvironment reads the process's
// environment once, so the test sets the transport's function.
func TestReadinessConnectsToTheProxy(t *testing.T) {
	base, err := config.ParseURL("http://user:password@payments")
	assert.NoError(t, err)
	var dialled string
	far := errors.New("far enough")
	tr := newTransport(Config{URL: base, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = address
		return nil, far
	}}, nil)
	tr.net.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy:3128"})
	assert.ErrorIs(t, tr.ready(t.Context()), far)
	assert.Equal(t, dialled, "proxy:3128")

	assert.True(t, tr.base.User == nil, "credentials are in the header, and in no URL")

	broken := errors.New("broken")
	tr.net.Proxy = func(*http.Request) (*url.URL, error) { return nil, broken }
	assert.ErrorIs(t, tr.ready(t.Context()), broken)
}
