package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

func TestAnOrderIsPaidReadAndCancelled(t *testing.T) {
	url := start(t, succeeding(t))
	paid := pay(t, url, example)
	assert.Equal(t, paid.Status, any("paid"))
	assert.Equal(t, paid.AmountCents, int64(500))
	assert.Equal(t, paid.Payment, "ch_1")
	assert.Equal(t, paid.Customer, "c_1")
	assert.Equal(t, paid.Items, []Item{{"a", 2, 250}})
	assert.Equal(t, paid.location, "/orders/"+paid.ID)
	assert.AtMost(t, time.Since(paid.CreatedAt), time.Minute)

	read := call(t, "GET", url+paid.location, "")
	assert.Equal(t, read.status, 200)
	assert.Equal(t, read.Order, paid.Order)
	for range 2 { // the second does nothing
		cancelled := call(t, "POST", url+paid.location+"/cancel", "")
		assert.Equal(t, cancelled.status, 200)
		assert.Equal(t, cancelled.Status, any("cancelled"))
		assert.Equal(t, cancelled.ID, paid.ID)
	}
	assert.Equal(t, call(t, "GET", url+paid.location, "").Status, any("cancelled"))
}

func TestWhatDoesNotExist(t *testing.T) {
	url := start(t, succeeding(t))
	assert.Equal(t, call(t, "GET", url+"/orders/o_none", "").status, 404)
	assert.Equal(t, call(t, "POST", url+"/orders/o_none/cancel", "").status, 404)
	assert.Equal(t, call(t, "GET", url+"/nothing", "").status, 404)
	assert.Equal(t, call(t, "DELETE", url+"/orders", "").status, 405)
}

func TestTheOrderIsInPostgresToo(t *testing.T) {
	url := start(t, succeeding(t), "DATABASE_URL="+storetest.Postgres(t).URL.Reveal())
	paid := pay(t, url, example)
	assert.Equal(t, call(t, "GET", url+paid.location, "").Order, paid.Order)
	assert.Len(t, call(t, "GET", url+"/orders?customer=c_1", "").Orders, 1)
	assert.Equal(t, call(t, "POST", url+paid.location+"/cancel", "").Status, any("cancelled"))
}

func TestPagesGoFromTheNewestToTheOldest(t *testing.T) {
	url := start(t, succeeding(t))
	var made []string // oldest first
	for range 5 {
		made = append(made, pay(t, url, example).ID)
	}
	other := pay(t, url, strings.Replace(example, "c_1", "c_2", 1)).ID

	var seen []string
	query := "?customer=c_1&limit=2"
	for pages := 1; ; pages++ {
		page := call(t, "GET", url+"/orders"+query, "")
		assert.Equal(t, page.status, 200)
		for _, order := range page.Orders {
			seen = append([]string{order.ID}, seen...)
		}
		if page.NextCursor == "" {
			assert.Equal(t, pages, 3)
			break
		}
		query = "?customer=c_1&limit=2&cursor=" + page.NextCursor
	}
	assert.Equal(t, sortedByMillisecond(seen), sortedByMillisecond(made))
	everybody := call(t, "GET", url+"/orders", "")
	assert.Len(t, everybody.Orders, 6)
	assert.Equal(t, everybody.NextCursor, "")
	assert.Equal(t, everybody.Orders[0].ID[:10], other[:10])
	nobody := call(t, "GET", url+"/orders?customer=c_3", "")
	assert.True(t, nobody.Orders != nil, "no orders are [], not null")
}

// sortedByMillisecond keeps of ids what is ordered: those of one millisecond
// come in any order.
func sortedByMillisecond(ids []string) (times []string) {
	for _, id := range ids {
		times = append(times, id[:len("o_")+12])
	}
	return times
}

func TestWhatBecomesOfAChargeThatFails(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	shed := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Plimsoll-Executed", "no")
		w.WriteHeader(503)
	}
	drop := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		payments string
		answer   int
		status   Status
	}{
		"declined by 402":          {charging(t, says(402, `{}`)), 422, Declined},
		"declined by 422":          {charging(t, says(422, ``)), 422, Declined},
		"declined by its status":   {charging(t, says(200, `{"id":"ch_1","status":"failed"}`)), 422, Declined},
		"down":                     {closed.URL, 503, Failed},
		"shed, and says so":        {charging(t, shed), 503, Failed},
		"an error":                 {charging(t, says(500, `stack trace`)), 502, Pending},
		"unavailable in between":   {charging(t, says(503, ``)), 502, Pending},
		"late, by a proxy":         {charging(t, says(504, ``)), 504, Pending},
		"cut off":                  {charging(t, drop), 502, Pending},
		"no JSON":                  {charging(t, says(200, `<html>`)), 502, Pending},
		"no id":                    {charging(t, says(200, `{"status":"succeeded"}`)), 502, Pending},
		"a status of another kind": {charging(t, says(200, `{"id":"ch_1","status":"processing"}`)), 502, Pending},
		"too much":                 {charging(t, says(200, strings.Repeat(" ", 9<<20))), 502, Pending},
	} {
		t.Run(name, func(t *testing.T) {
			url := start(t, c.payments)
			failed := call(t, "POST", url+"/orders", example)
			assert.Equal(t, failed.status, c.answer)
			assert.NotZero(t, failed.Trace)
			assert.Equal(t, call(t, "GET", url+failed.location, "").Status, any(string(c.status)))
			assert.Equal(t, call(t, "POST", url+failed.location+"/cancel", "").status, 409)
		})
	}
}

func TestAChargeThatHangsEndsWithTheBudgetAndLeavesTheOrderPending(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	url := start(t, charging(t, hang), "PLIMSOLL_DEADLINE=300ms")
	begin := time.Now()
	late := call(t, "POST", url+"/orders", example)
	assert.Equal(t, late.status, 504)
	assert.AtMost(t, time.Since(begin), 3*time.Second)
	found := call(t, "GET", url+"/orders?customer=c_1", "")
	assert.Len(t, found.Orders, 1)
	assert.Equal(t, found.Orders[0].Status, Pending)
}

func TestACallerWhoLeavesDuringTheChargeLeavesAnOrderThatIsPending(t *testing.T) {
	begun, stopped := make(chan struct{}), make(chan struct{})
	url := start(t, charging(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(stopped)
	}))
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/orders", strings.NewReader(example))
	assert.NoError(t, err)
	left := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			err = response.Body.Close()
		}
		left <- err
	}()
	<-begun
	leave()
	assert.ErrorIs(t, <-left, context.Canceled)
	<-stopped // payments sees it too
	found := call(t, "GET", url+"/orders?customer=c_1", "")
	assert.Len(t, found.Orders, 1)
	assert.Equal(t, found.Orders[0].Status, Pending)
}

func TestTheOutcomeOfAChargeIsWrittenDownAfterItsRequest(t *testing.T) {
	s := &orders{storetest.Open(t, storetest.SQLite(t).URL, store.Migrations(migrations))}
	order := Order{ID: newID(time.Now()), Customer: "c_1", Status: Pending}
	assert.NoError(t, s.insert(t.Context(), order))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	order.Status, order.Payment = Paid, "ch_1"
	assert.NoError(t, (&api{orders: s}).record(over, order))
	kept, err := s.read(t.Context(), order.ID)
	assert.NoError(t, err)
	assert.Equal(t, kept.Status, Paid)

	// Only what was pending is settled: a cancelled order is not paid again.
	_, err = s.cancel(t.Context(), order.ID)
	assert.NoError(t, err)
	assert.NoError(t, s.settle(t.Context(), order))
	kept, err = s.read(t.Context(), order.ID)
	assert.NoError(t, err)
	assert.Equal(t, kept.Status, Cancelled)
}
