package telemetry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func TestScrapeServesDurationsByRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, _ := open(t, telemetry.Config{})
		for _, d := range []time.Duration{300 * time.Microsecond, 3 * time.Millisecond, 5010 * time.Millisecond} {
			_, e := tel.Begin(request("GET", "/orders/7"), "GET /orders/{id}", time.Now())
			e.End(telemetry.Summary{Status: 200, Duration: d})
		}
		labels := `http_request_method="GET",http_response_status_code="200",http_route="/orders/{id}",url_scheme="http"`
		var want []string
		for _, b := range []struct {
			le string
			n  int
		}{
			{"0.0005", 1}, {"0.001", 1}, {"0.0025", 1}, {"0.005", 2}, {"0.01", 2}, {"0.025", 2}, {"0.05", 2}, {"0.075", 2},
			{"0.1", 2}, {"0.25", 2}, {"0.5", 2}, {"0.75", 2}, {"1", 2}, {"2.5", 2}, {"5", 2}, {"7.5", 3}, {"10", 3},
			{"30", 3}, {"60", 3}, {"+Inf", 3},
		} {
			want = append(want, fmt.Sprintf(`http_server_request_duration_seconds_bucket{%s,le=%q} %d`, labels, b.le, b.n))
		}
		want = append(want,
			`http_server_request_duration_seconds_sum{`+labels+`} 5.0133`,
			`http_server_request_duration_seconds_count{`+labels+`} 3`)
		assert.Equal(t, sample(t, tel, "http_server_request_duration_seconds"), want)
	})
}

func TestScrapeSaysHowRequestsEnded(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	for _, s := range []telemetry.Summary{
		{Status: 404}, {Status: 500}, {Status: 504, Outcome: telemetry.Deadline}, {Status: 200, Outcome: telemetry.Cut},
		{Outcome: telemetry.ClientGone}, {Status: 500, Outcome: telemetry.Panicked},
	} {
		_, e := tel.Begin(request("BREW", "/"), "", time.Time{})
		e.End(s)
	}
	const prefix = "http_server_request_duration_seconds_count"
	got := sample(t, tel, prefix)
	slices.Sort(got)
	assert.Equal(t, got, []string{
		prefix + `{error_type="500",http_request_method="_OTHER",http_response_status_code="500",url_scheme="http"} 1`,
		prefix + `{error_type="client_gone",http_request_method="_OTHER",url_scheme="http"} 1`,
		prefix + `{error_type="cut",http_request_method="_OTHER",http_response_status_code="200",url_scheme="http"} 1`,
		prefix + `{error_type="deadline",http_request_method="_OTHER",http_response_status_code="504",url_scheme="http"} 1`,
		prefix + `{error_type="panicked",http_request_method="_OTHER",http_response_status_code="500",url_scheme="http"} 1`,
		prefix + `{http_request_method="_OTHER",http_response_status_code="404",url_scheme="http"} 1`,
	})
}

func TestScrapeCountsActiveRequests(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	_, one := tel.Begin(request("GET", "/"), "", time.Time{})
	_, two := tel.Begin(request("GET", "/"), "", time.Time{})
	assert.Equal(t, sample(t, tel, "http_server_active_requests"),
		[]string{`http_server_active_requests{http_request_method="GET",url_scheme="http"} 2`})
	one.End(telemetry.Summary{Status: 200})
	two.End(telemetry.Summary{Status: 200})
	two.End(telemetry.Summary{Status: 200})
	assert.Equal(t, sample(t, tel, "http_server_active_requests"),
		[]string{`http_server_active_requests{http_request_method="GET",url_scheme="http"} 0`})
}

func TestScrapeServesTheRuntimeAndTheProcess(t *testing.T) {
	tel, _ := open(t, telemetry.Config{Service: "orders", Version: "1.2.3"})
	got := scrape(t, tel)
	for _, name := range []string{
		"go_goroutine_count", `go_memory_used_bytes{go_memory_type="stack"}`, `go_memory_used_bytes{go_memory_type="other"}`,
		"go_memory_allocated_bytes_total", "go_memory_allocations_total", "go_memory_gc_goal_bytes", "go_memory_gc_cycles_total",
		"go_processor_limit", "go_config_gogc_percent", "go_schedule_duration_seconds_count",
		"go_memory_gc_pause_duration_seconds_count", "plimsoll_log_dropped_total",
		"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
	} {
		assert.Match(t, got, `(?m)^`+strings.NewReplacer("{", `\{`, "}", `\}`).Replace(name)+` [0-9.e+]+$`, name)
	}
	assert.Match(t, got, `(?m)^target_info\{.*service_name="orders".*service_version="1\.2\.3".*\} 1$`)
	assert.NotContains(t, got, "otel_scope")
}

func TestScrapeSpeaksOpenMetricsWithExemplars(t *testing.T) {
	tel, _, _ := record(t, telemetry.Config{})
	_, e := tel.Begin(request("GET", "/"), "GET /", time.Time{})
	e.End(telemetry.Summary{Status: 200})
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	tel.Scrape().ServeHTTP(w, r)
	assert.Equal(t, w.Code, http.StatusOK)
	assert.Contains(t, w.Body.String(), "# EOF")
	assert.Match(t, w.Body.String(), `http_server_request_duration_seconds_bucket\{.*\} 1 # \{.*trace_id="`+traceHex+`".*\}`)
}

func TestScrapeServesTheServicesOwnMetrics(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	c, err := tel.Meter().Int64Counter("orders.created", metric.WithUnit("{order}"))
	assert.NoError(t, err)
	c.Add(context.Background(), 3)
	assert.Equal(t, sample(t, tel, "orders_created"), []string{"orders_created_total 3"})
}

// series counts what a scrape serves, histograms' buckets included.
func series(tb testing.TB, tel *telemetry.Telemetry) int {
	tb.Helper()
	n := 0
	for l := range strings.Lines(scrape(tb, tel)) {
		if strings.HasPrefix(l, "http_server_request_duration_seconds_count") {
			n++
		}
	}
	return n
}

func TestRandomPathsAndMethodsAddFewSeries(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
	h := tel.Handler(mux)
	rng := rand.New(rand.NewPCG(1, 2))
	methods := []string{"GET", "POST", "BREW", "get", strings.Repeat("X", 50)}
	for range 1000 {
		path := fmt.Sprintf("/orders/%x", rng.Uint64())
		if rng.IntN(2) == 0 {
			path = fmt.Sprintf("/%x/%x", rng.Uint64(), rng.Uint64())
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(methods[rng.IntN(len(methods))], path, nil))
	}
	// GET: matched and not; POST and _OTHER: 404 and 405.
	assert.AtMost(t, series(t, tel), 6)
	before := series(t, tel)
	for range 1000 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("/%x", rng.Uint64()), nil))
	}
	assert.Equal(t, series(t, tel), before, "1,000 more paths add nothing")
}

func TestRoutesWithoutEndFoldIntoOne(t *testing.T) {
	tel, _ := open(t, telemetry.Config{Level: 100})
	for i := range 5000 {
		_, e := tel.Begin(request("GET", "/"), fmt.Sprintf("GET /mistake/%d", i), time.Time{})
		e.End(telemetry.Summary{Status: 200 + i%2})
	}
	assert.Equal(t, series(t, tel), 1001)
	const folded = `http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="_OTHER",url_scheme="http"}`
	assert.Equal(t, sample(t, tel, folded), []string{folded + " 4000"})
}
