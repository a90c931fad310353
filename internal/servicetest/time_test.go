package servicetest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// billed registers handlers that wait for things.
func billed(_ context.Context, svc *plimsoll.Service, _ empty) error {
	svc.HandleFunc("GET /pays/{id}", func(w http.ResponseWriter, r *http.Request) {
		call := budget.Charge(r.Context(), budget.Dependency, "payments")
		waited(r, 5*time.Millisecond)
		call.End(errors.New("refused"))
		_, _ = io.WriteString(w, "paid")
	})
	svc.HandleFunc("GET /shown", func(http.ResponseWriter, *http.Request) {}, route.ServerTiming())
	svc.HandleFunc("GET /hangs", func(_ http.ResponseWriter, r *http.Request) {
		call := budget.Charge(r.Context(), budget.Dependency, "payments")
		<-time.After(200 * time.Millisecond) // whatever its context says
		call.End(nil)
		budget.Charge(r.Context(), budget.Database, "").End(nil)
	}, route.Budget(60*time.Millisecond))
	svc.HandleFunc("POST /body", count)
	svc.HandleFunc("GET /terms", func(w http.ResponseWriter, r *http.Request) {
		h := http.Header{}
		budget.Forward(r.Context(), h)
		w.Header().Set("X-Class", h.Get(budget.HeaderClass))
		w.Header().Set("X-Attempt", h.Get(budget.HeaderAttempt))
		w.Header().Set("X-Budget", h.Get(budget.Header))
	})
	svc.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { waited(r, 30*time.Millisecond) })
	svc.HandleFunc("GET /stream", func(_ http.ResponseWriter, r *http.Request) { waited(r, 30*time.Millisecond) }, route.Stream(time.Minute))
	return nil
}

func TestEveryRequestHasItsBill(t *testing.T) {
	s := start(t, billed)
	res, _ := s.get("/pays/1")
	assert.Equal(t, res.StatusCode, http.StatusOK)
	bill, _ := s.line("path", "/pays/1")["bill"].(string)
	fields := strings.Fields(bill)
	assert.Len(t, fields, 3)
	assert.True(t, strings.HasPrefix(fields[0], "payments=") && strings.HasSuffix(fields[0], "ms!1"), "%s", bill)
	assert.True(t, strings.HasPrefix(fields[1], "own="), "%s", bill)
	assert.True(t, strings.HasPrefix(fields[2], "left=49"), "%s", bill)

	res, _ = s.do("POST", "http://"+s.public+"/body", strings.NewReader("some"))
	assert.Equal(t, res.StatusCode, http.StatusOK)
	bill, _ = s.line("path", "/body")["bill"].(string)
	assert.True(t, strings.HasPrefix(bill, "body="), "%s", bill)
}

// The bill of a request that was answered at its deadline names the culprit, and whatever its handler does later is
// nobody's.
func TestTheBillOfADeadlineNamesWhatWasWaitedFor(t *testing.T) {
	s := start(t, billed)
	res, body := s.get("/hangs")
	isProblem(t, res, body, http.StatusGatewayTimeout)
	bill, _ := s.line("path", "/hangs")["bill"].(string)
	assert.True(t, strings.HasPrefix(bill, "payments=") && strings.Contains(bill, "ms~ own="), "%s", bill)
	assert.True(t, strings.HasSuffix(bill, " left=0ms"), "%s", bill)
	assert.NoError(t, s.end()) // its handler has returned
	assert.False(t, strings.Contains(s.log.String(), "database="))
}

// What a service waits for is not for outsiders.
func TestServerTimingStaysInsideTheTrustBoundary(t *testing.T) {
	s := start(t, billed)
	const outside = "203.0.113.9"
	res, _ := s.get("/pays/1")
	app, queue, ok := budget.ServerTiming(res.Header)
	assert.True(t, ok)
	assert.True(t, app >= 5*time.Millisecond && queue == 0, "%s", res.Header.Get("Server-Timing"))
	assert.Contains(t, res.Header.Get("Server-Timing"), `dep;desc="payments";dur=`)
	for path, shown := range map[string]bool{"/pays/2": false, "/hangs": false, "/nowhere": false, "/shown": true} {
		res, _ = s.get(path, "X-Forwarded-For", outside)
		assert.Equal(t, res.Header.Get("Server-Timing") != "", shown, path)
	}
	res, _ = s.get("/hangs") // the service's own answers show it, too
	assert.Contains(t, res.Header.Get("Server-Timing"), `dep;desc="payments";dur=`)
}

func TestServerTimingOverH2(t *testing.T) {
	s := start(t, billed)
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &p}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 20 * time.Second}
	for _, path := range []string{"/pays/1", "/hangs"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.public+path, nil)
		assert.NoError(t, err)
		res, err := client.Do(r)
		assert.NoError(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, res.ProtoMajor, 2)
		app, _, ok := budget.ServerTiming(res.Header)
		assert.True(t, ok && app >= 5*time.Millisecond, "%s", res.Header.Get("Server-Timing"))
		assert.Contains(t, s.line("path", path)["bill"].(string), "payments=")
	}
}

func TestClassAndAttemptTravelFromTrustedCallersOnly(t *testing.T) {
	s := start(t, billed)
	claims := []string{"Plimsoll-Class", "sheddable", "Plimsoll-Attempt", "2", "Plimsoll-Budget", "400"}
	res, _ := s.get("/terms", claims...)
	assert.Equal(t, res.Header.Get("X-Class"), "sheddable")
	assert.Equal(t, res.Header.Get("X-Attempt"), "2")
	res, _ = s.get("/terms", append(claims, "X-Forwarded-For", "203.0.113.9")...)
	assert.Equal(t, res.Header.Get("X-Class"), "critical")
	assert.Equal(t, res.Header.Get("X-Attempt"), "")
	assert.True(t, len(res.Header.Get("X-Budget")) == 3 && res.Header.Get("X-Budget") < "400", "%s ms", res.Header.Get("X-Budget")) // anybody may shorten
	res, _ = s.get("/terms", "Plimsoll-Attempt", "-1", "Plimsoll-Class", "best")
	assert.Equal(t, res.Header.Get("X-Class"), "critical")
	assert.Equal(t, res.Header.Get("X-Attempt"), "")
}

func TestConfiguredBudgetHeadersAreReadAndMalformedOnesCounted(t *testing.T) {
	s := start(t, billed, "PLIMSOLL_BUDGET_HEADERS=X-Client-Timeout-Ms=ms")
	res, _ := s.get("/terms", "X-Client-Timeout-Ms", "500")
	assert.True(t, len(res.Header.Get("X-Budget")) == 3 && res.Header.Get("X-Budget") < "500", "%s ms", res.Header.Get("X-Budget"))
	res, _ = s.get("/terms", "X-Client-Timeout-Ms", "soon", "Grpc-Timeout", "1x")
	assert.True(t, res.Header.Get("X-Budget") > "4000", "%s ms", res.Header.Get("X-Budget"))
	_, metrics := s.ask("/metrics")
	assert.Contains(t, metrics, `plimsoll_budget_malformed_total{header="X-Client-Timeout-Ms"} 1`)
	assert.Contains(t, metrics, `plimsoll_budget_malformed_total{header="Grpc-Timeout"} 1`)
	assert.Contains(t, metrics, `plimsoll_budget_malformed_total{header="Plimsoll-Budget"} 0`)
	_, manifest := s.ask("/manifest")
	assert.Contains(t, manifest, `"X-Client-Timeout-Ms"`)
	assert.Contains(t, manifest, `"time.ledger"`)
}

// A request that the route needs more time for than it brings is refused before its body is read, on HTTP/1.1 and h2
// alike: nothing was executed. Other routes do not suffer, and a stream's length says nothing of what it needs.
func TestTheDoomedAreRefusedByTheirRoute(t *testing.T) {
	s := start(t, billed)
	for range 10 {
		s.get("/slow")
		s.get("/stream")
	}
	assert.Eventually(t, 10*time.Second, func() bool { // the estimate is made anew once a second
		res, _ := s.get("/slow", "Plimsoll-Budget", "12")
		return res.Header.Get("Plimsoll-Executed") == "no"
	})
	doomed := 0
	for range 20 {
		res, _ := s.get("/slow", "Plimsoll-Budget", "12")
		assert.Equal(t, res.StatusCode, http.StatusGatewayTimeout)
		if res.Header.Get("Plimsoll-Executed") == "no" {
			doomed++
		}
	}
	assert.AtMost(t, 19, doomed) // one in a hundred is let through
	res, _ := s.get("/terms", "Plimsoll-Budget", "12")
	assert.Equal(t, res.StatusCode, http.StatusOK)
	for range 20 {
		res, _ := s.get("/stream", "Plimsoll-Budget", "2000")
		assert.Equal(t, res.StatusCode, http.StatusOK)
	}
	_, metrics := s.ask("/metrics")
	assert.Contains(t, metrics, `plimsoll_admission_refused_total{class="critical",reason="doomed"}`)
}

func TestTimeSaysWhereItGoes(t *testing.T) {
	s := start(t, billed)
	for range 5 {
		s.get("/pays/1")
	}
	var report budget.Report
	assert.Eventually(t, 10*time.Second, func() bool { // an access line, and its bill, come after the answer
		res, body := s.ask("/time", "Accept", "application/json")
		assert.Equal(t, res.StatusCode, http.StatusOK)
		assert.NoError(t, json.Unmarshal([]byte(body), &report))
		return len(report.Routes) == 1 && report.Routes[0].Requests == 5
	})
	pays := report.Routes[0]
	assert.Equal(t, pays.Route, "GET /pays/{id}")
	assert.Equal(t, pays.Where[0].Name, "payments")
	assert.Equal(t, pays.Where[0].Failed, 5)
	assert.True(t, pays.Where[0].Share > 0.5 && pays.Where[0].P50MS >= 4, "%+v", pays.Where[0])
	assert.Equal(t, len(s.lines("request")), 5)
	found := false
	for _, line := range s.lines("request") {
		found = found || line["trace_id"] == pays.Slowest.TraceID && line["bill"] == pays.Slowest.Bill
	}
	assert.True(t, found, "the slowest request, %+v, has an access line", pays.Slowest)

	_, text := s.ask("/time", "Accept", "*/*")
	assert.Contains(t, text, "dependency payments")
	res, _ := raw(t, s.admin, "GET /time HTTP/1.1\r\nConnection: close\r\nHost: evil.example\r\n\r\n")
	assert.Equal(t, res.StatusCode, http.StatusForbidden)
	_, metrics := s.ask("/metrics")
	assert.Contains(t, metrics, `plimsoll_time_spent_seconds_total{http_request_method="GET",http_route="/pays/{id}",kind="dependency",name="payments"}`)
	assert.Contains(t, metrics, `plimsoll_time_spent_seconds_total{http_request_method="GET",http_route="/pays/{id}",kind="own"}`)
}
