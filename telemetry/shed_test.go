package telemetry_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func full(class route.Criticality) telemetry.Refusal {
	return telemetry.Refusal{Route: "POST /orders", Class: class, Reason: "queue-full", Status: http.StatusServiceUnavailable}
}

func counts(lines []map[string]any) (n []float64, total float64) {
	for _, l := range lines {
		n = append(n, l["count"].(float64))
		total += l["count"].(float64)
	}
	return n, total
}

func TestShedLogsTheFirstAndThenOnceASecondWithTheExactCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, logged := open(t, telemetry.Config{})
		r := request("POST", "/orders?token=s3cret")
		start := time.Now()
		for range 25 { // eleven in each second
			tel.Shed(r, full(route.Sheddable))
			time.Sleep(90 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		tel.Shed(r, full(route.Critical))

		got := logged.lines()
		n, total := counts(got)
		assert.Equal(t, n, []float64{1, 11, 11, 2, 1})
		assert.Equal(t, total, 26.0)
		assert.Equal(t, got[0], map[string]any{
			"time": start.UTC().Format(time.RFC3339Nano), "level": "WARN", "msg": "request refused",
			"reason": "queue-full", "count": 1.0, "route": "/orders", "class": "sheddable", "status": 503.0,
		})
		assert.Equal(t, got[1]["time"], any(start.Add(time.Second).UTC().Format(time.RFC3339Nano)))
		assert.Equal(t, got[4]["class"], any("critical"))
	})
}

func TestShedSamplesEachReasonForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, logged := open(t, telemetry.Config{})
		for _, reason := range []string{"queue-full", "doomed", "queue-full", "doomed", "doomed"} {
			refusal := full(route.Critical)
			refusal.Reason = reason
			tel.Shed(request("GET", "/"), refusal)
		}
		n, _ := counts(logged.lines())
		assert.Equal(t, n, []float64{1, 1})
		assert.NoError(t, tel.Shutdown(t.Context()), "what is pending is not lost with the process")
		_, total := counts(logged.lines())
		assert.Equal(t, total, 5.0)
	})
}

func TestShedCountsExactly(t *testing.T) {
	tel, _ := open(t, telemetry.Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 1000 {
				tel.Shed(request("POST", "/orders"), full(route.Criticality(1+i%2)))
			}
		})
	}
	wg.Wait()
	assert.Equal(t, sample(t, tel, "plimsoll_admission_refused_total"), []string{
		`plimsoll_admission_refused_total{class="sheddable",reason="queue-full"} 4000`,
		`plimsoll_admission_refused_total{class="sheddable-plus",reason="queue-full"} 4000`,
	})
	assert.Equal(t, sample(t, tel, "http_server_request_duration_seconds_count"), []string{
		`http_server_request_duration_seconds_count{error_type="503",http_request_method="POST",http_response_status_code="503",` +
			`http_route="/orders",url_scheme="http"} 8000`,
	})
}

// Concurrent refusals across window ends: whatever the interleaving, the lines
// add up to the counter.
func TestShedLinesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, logged := open(t, telemetry.Config{})
		for range 8 {
			go func() {
				for range 500 {
					tel.Shed(request("GET", "/"), full(route.Critical))
					time.Sleep(10 * time.Millisecond)
				}
			}()
		}
		time.Sleep(time.Minute)
		_, total := counts(logged.lines())
		assert.Equal(t, total, 4000.0)
	})
}

func TestShedReasonsAreBounded(t *testing.T) {
	tel, _ := open(t, telemetry.Config{Level: 100})
	for i := range 3000 {
		refusal := full(route.Critical)
		refusal.Reason = time.Duration(i).String()
		tel.Shed(request("GET", "/"), refusal)
	}
	got := sample(t, tel, "plimsoll_admission_refused_total")
	assert.Len(t, got, 1001)
	assert.Equal(t, sample(t, tel, `plimsoll_admission_refused_total{class="unset",reason="_OTHER"}`),
		[]string{`plimsoll_admission_refused_total{class="unset",reason="_OTHER"} 2000`})
}

func TestRefuseEndsAnExchange(t *testing.T) {
	tel, logged, spans := record(t, telemetry.Config{})
	_, e := tel.Begin(request("POST", "/orders"), "", time.Time{})
	e.Refuse(full(route.Critical))
	e.Refuse(full(route.Critical))
	e.End(telemetry.Summary{Status: 200})
	assert.Equal(t, logged.one()["msg"], any("request refused"))
	assert.Len(t, spans.Ended(), 1)
	assert.Equal(t, attributes(spans.Ended()[0])["http.route"], any("/orders"))
	assert.Equal(t, sample(t, tel, "plimsoll_admission_refused_total"),
		[]string{`plimsoll_admission_refused_total{class="critical",reason="queue-full"} 1`})
	assert.Equal(t, sample(t, tel, "http_server_active_requests"), []string(nil), "never seen by a scrape")
	assert.Len(t, sample(t, tel, "http_server_request_duration_seconds_count"), 1)
}
