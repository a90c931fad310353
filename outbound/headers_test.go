package outbound_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
)

// echo makes a client whose dependency keeps the headers of the last request.
func echo(t *testing.T, c outbound.Config) (*outbound.Client, *http.Header) {
	t.Helper()
	var got http.Header
	return client(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }, c), &got
}

func TestACallCarriesWhatIsLeftOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, got := echo(t, outbound.Config{})
		for left, want := range map[time.Duration]int{time.Second: 979, 10 * time.Second: 9799, 20 * time.Millisecond: 18, 3 * time.Millisecond: 1, 0: 1959} {
			ctx, cancel := t.Context(), func() {}
			if left > 0 {
				ctx, cancel = context.WithTimeout(ctx, left)
			}
			r := get(t, ctx, "/")
			r.Header.Set(budget.Header, "999999") // what this hop was given is not what it hands on
			_, err := fetch(c, r)
			assert.NoError(t, err)
			assert.Equal(t, (*got)[budget.Header], []string{strconv.Itoa(want)})
			cancel()
		}
	})
}

func TestACallCarriesTheTrace(t *testing.T) {
	c, got := echo(t, outbound.Config{})
	id := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{4}, TraceFlags: trace.FlagsSampled}))
	_, err := fetch(c, get(t, ctx, "/"))
	assert.NoError(t, err)
	assert.Equal(t, got.Get("Traceparent"), "00-"+id.String()+"-0400000000000000-01")
}

func TestTheCallersRequestAndHeadersStayAsTheyAre(t *testing.T) {
	c, got := echo(t, outbound.Config{Bearer: config.NewSecret("ours")})
	r := get(t, t.Context(), "/a?b=c")
	r.Header.Set("Authorization", "Basic theirs")
	r.Header.Set("User-Agent", "theirs")
	r.Header["X-Many"] = []string{"1", "2"}
	before := maps.Clone(r.Header)
	_, err := fetch(c, r)
	assert.NoError(t, err)
	assert.Equal(t, r.Header, before)
	assert.Equal(t, r.URL.String(), "/a?b=c")
	for name, values := range before {
		assert.Equal(t, (*got)[name], values)
	}
}

func TestARequestWithoutAHeaderMap(t *testing.T) {
	c, got := echo(t, outbound.Config{Bearer: config.NewSecret("ours")})
	r := get(t, t.Context(), "/")
	r.Header = nil
	_, err := fetch(c, r)
	assert.NoError(t, err)
	assert.Equal(t, got.Get("Authorization"), "Bearer ours")
}

func TestCredentialsOfTheURLAreSentAsBasicAuthentication(t *testing.T) {
	c, got := echo(t, outbound.Config{URL: parse(t, "http://user:p%40ss@mem.test/api?v=1")})
	_, err := fetch(c, get(t, t.Context(), "/x"))
	assert.NoError(t, err)
	user, password, ok := (&http.Request{Header: *got}).BasicAuth()
	assert.True(t, ok)
	assert.Equal(t, user+" "+password, "user p@ss")
}

func TestABearerTokenStaysWithItsOrigin(t *testing.T) {
	var stolen http.Header
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Clone() }))
	defer elsewhere.Close()
	var got http.Header
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		http.Redirect(w, r, elsewhere.URL+"/steal", http.StatusTemporaryRedirect)
	}))
	defer home.Close()

	follows := &http.Client{Transport: outbound.Transport(outbound.Config{URL: parse(t, home.URL), Bearer: config.NewSecret("hunter2")})}
	defer follows.CloseIdleConnections()
	res, err := follows.Do(get(t, t.Context(), home.URL+"/x"))
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
	assert.Equal(t, got.Get("Authorization"), "Bearer hunter2")
	assert.Equal(t, stolen.Get("Authorization"), "")
	assert.NotZero(t, stolen.Get(budget.Header))
}

func TestARedirectIsAnAnswer(t *testing.T) {
	calls := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) { calls++; http.Redirect(w, r, "/y", http.StatusFound) }, outbound.Config{})
	res, err := c.Do(get(t, t.Context(), "/x"))
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
	assert.Equal(t, res.StatusCode, http.StatusFound)
	assert.Equal(t, calls, 1)
	assert.Equal(t, res.Request.Header.Get(budget.Header), "", "the answer shows the caller's request, not the one with credentials")
}

func TestACallerCanLeaveTheCredentialsOut(t *testing.T) {
	c, got := echo(t, outbound.Config{Bearer: config.NewSecret("ours")})
	r := get(t, t.Context(), "/")
	r.Header["Authorization"] = nil
	_, err := fetch(c, r)
	assert.NoError(t, err)
	_, sent := (*got)["Authorization"]
	assert.False(t, sent)
}

// A caller who leaves is seen by the dependency as a reset stream; the connection stays.
func TestHTTP2CancellationReachesTheDependency(t *testing.T) {
	entered, left := make(chan struct{}), make(chan time.Time, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			close(entered)
			<-r.Context().Done()
			left <- time.Now()
		}
		_, _ = io.WriteString(w, r.RemoteAddr)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	c := outbound.New(nil, outbound.Config{URL: parse(t, s.URL), TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	before, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { _, err := fetch(c, get(t, ctx, "/hang")); ended <- err }()
	<-entered
	gone := time.Now()
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	assert.AtMost(t, (<-left).Sub(gone), 100*time.Millisecond)
	after, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)
	assert.Equal(t, after, before)
}

func TestHTTP2OverTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	trusted := s.Client().Transport.(*http.Transport).TLSClientConfig
	before := trusted.NextProtos
	c := outbound.New(nil, outbound.Config{URL: parse(t, s.URL), TLS: trusted})
	body, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)
	assert.Equal(t, body, "HTTP/2.0")
	assert.Equal(t, trusted.NextProtos, before)
}

func TestAHostHeaderOfTheCallersIsKept(t *testing.T) {
	var host string
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { host = r.Host }, outbound.Config{})
	_, err := fetch(c, get(t, t.Context(), "/"))
	assert.NoError(t, err)
	assert.Equal(t, host, "mem.test")
	r := get(t, t.Context(), memhttp.URL+"/")
	r.Host = "virtual.test"
	_, err = fetch(c, r)
	assert.NoError(t, err)
	assert.Equal(t, host, "virtual.test")
}
