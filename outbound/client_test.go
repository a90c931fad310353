package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// target asks a client which URL a call goes to; the dependency is not there to be asked.
func target(t *testing.T, base, path string) (string, error) {
	t.Helper()
	var got string
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Host + r.RequestURI }, outbound.Config{URL: parse(t, base)})
	_, err := fetch(c, get(t, t.Context(), path))
	return got, err
}

func TestPathsAreJoined(t *testing.T) {
	for _, c := range []struct{ base, path, want string }{
		{"http://a", "", "a/"},
		{"http://a", "/", "a/"},
		{"http://a/", "x", "a/x"},
		{"http://a/v1", "/x", "a/v1/x"},
		{"http://a/v1/", "/x/", "a/v1/x/"},
		{"http://a/v1", "x?y=z", "a/v1/x?y=z"},
		{"http://a/v1?k=1", "/x", "a/v1/x?k=1"},
		{"http://a/v1?k=1", "/x?y=z", "a/v1/x?k=1&y=z"},
		{"http://a/v1", "/a%2Fb/c%20d", "a/v1/a%2Fb/c%20d"},
		{"http://a/v%2F1", "/x", "a/v%2F1/x"},
		{"http://a:80/v1", "http://A/other?y", "a:80/other?y"},
		{"http://a/v1", "/..x/x..", "a/v1/..x/x.."},
	} {
		got, err := target(t, c.base, c.path)
		assert.NoError(t, err)
		assert.Equal(t, got, c.want)
	}
}

// What a caller puts into a path must not choose another resource, host or scheme.
func TestACallDoesNotLeaveTheDependency(t *testing.T) {
	for _, path := range []string{
		"/orders/../admin", "/orders/..", "/orders/%2e%2e/admin", "/orders/..%2fadmin", "/orders/%2E%2E%2Fadmin", "./x", "..",
		"//evil.test/x", "http://evil.test/", "https://a/", "http://a:81/", "http://a.evil.test/", "http:opaque", "http:///x",
	} {
		got, err := target(t, "http://a/v1", path)
		wantKind(t, err, problem.Internal)
		assert.Equal(t, got, "", "%s", path)
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("/orders/%2e%2e/admin?x=y")
	f.Add("//evil.test/\\..")
	f.Add("x:y")
	refused := errors.New("refused")
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	c := outbound.New(nil, outbound.Config{URL: parse(f, "http://a.test/v1?k=1"), Dial: refuse})
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			return
		}
		_, err = c.Do(r)
		assert.Error(t, err)
		text := err.Error()
		if errors.Is(err, refused) { // it was dialled
			assert.True(t, strings.Contains(text, "GET /v1") || r.URL.Host != "", "%q: %s", path, text)
			assert.NotContains(t, text, "/../")
		}
	})
}

func TestConfigurationsThatCannotBeMeant(t *testing.T) {
	http := parse(t, "http://a")
	for want, c := range map[string]outbound.Config{
		"not http or https": {URL: parse(t, "postgres://a/b")},
		"need a URL":        {Bearer: config.NewSecret("x")},
		"health path need":  {HealthPath: "/livez"},
		"a line break":      {URL: http, Bearer: config.NewSecret("hunter2\r\nX: y")},
		"negative":          {URL: http, Timeout: -time.Second},
		"at least one":      {URL: http, Attempts: -1},
		"below -1":          {URL: http, MaxResponse: -2},
		"is below":          {URL: http, MaxConns: -2},
	} {
		c.Name = "payments"
		err := c.Validate()
		assert.Error(t, err)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "hunter2")
		assert.Contains(t, err.Error(), `outbound "payments"`)
		_, failed := outbound.Transport(c).RoundTrip(get(t, t.Context(), "http://a/"))
		wantKind(t, failed, problem.Internal)
		assert.Contains(t, failed.Error(), want)
	}
	assert.NoError(t, outbound.Config{}.Validate())
}

func TestAClientThatCannotBeMeantFailsEveryCall(t *testing.T) {
	c := outbound.New(nil, outbound.Config{Name: "payments"})
	assert.Contains(t, c.Err().Error(), `outbound "payments": the URL is missing`)
	_, err := fetch(c, get(t, t.Context(), "/charges"))
	wantKind(t, err, problem.Internal)
	assert.ErrorIs(t, err, c.Err())
	assert.ErrorIs(t, err, outbound.ErrNotExecuted)
	assert.NoError(t, outbound.New(nil, outbound.Config{URL: parse(t, "http://a")}).Err())
}
