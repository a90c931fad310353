package budget

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// serve enters one request of a route: so long in the queue, so long a call, so long own work.
func serve(t *testing.T, b *Book, route string, trace byte, queue, call, own time.Duration, s Served) {
	t.Helper()
	ctx, l := opened(t, time.Second)
	time.Sleep(queue)
	l.Enter(Queue, "", queue)
	if call > 0 {
		e := Charge(ctx, Dependency, "payments")
		time.Sleep(call)
		if s.Failed {
			e.End(errors.New("no"))
		}
		e.End(nil)
	}
	time.Sleep(own)
	s.At, s.Trace = time.Now(), [16]byte{trace}
	b.Account(route).Enter(l.Close(s.At), s)
}

func TestBookSaysWhereTheTimeGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		for range 90 {
			serve(t, b, "GET /orders", 1, 0, 8*ms, 2*ms, Served{Useful: true})
		}
		for range 10 {
			serve(t, b, "GET /orders", 2, 5*ms, 80*ms, 15*ms, Served{Failed: true})
		}
		serve(t, b, "GET /idle", 3, 0, 0, ms, Served{Useful: true})
		r := b.Report(time.Now())
		assert.Len(t, r.Routes, 2)
		orders := r.Routes[0]
		assert.Equal(t, orders.Route, "GET /orders")
		assert.Equal(t, orders.Requests, 100)
		assert.Equal(t, orders.Failed, 10)
		assert.Equal(t, orders.TotalMS, 1900)
		near(t, orders.P50MS, 10)
		near(t, orders.P99MS, 100)
		near(t, orders.NeedMS, 10)
		near(t, r.Routes[1].NeedMS, 1)

		payments, own, queue := orders.Where[0], orders.Where[1], orders.Where[2]
		assert.Equal(t, payments.Name, "payments")
		assert.Equal(t, payments.Share, 0.8) // 90×8 + 10×80 of 1900
		assert.Equal(t, payments.Failed, 10)
		near(t, payments.P99MS, 80)
		assert.Equal(t, payments.TraceID, "02000000000000000000000000000000")
		assert.Equal(t, own.Kind, "own")
		assert.Equal(t, own.Share, 0.173)
		assert.Equal(t, queue.Kind, "queue")
		assert.Equal(t, queue.Requests, 10)
		near(t, queue.P50MS, 5)
		assert.Equal(t, orders.Slowest.Bill, "queue=5ms payments=80ms!1 own=15ms left=900ms")
		assert.Equal(t, orders.Slowest.TookMS, 100)

		spent := map[string]time.Duration{}
		for s := range b.Spendings {
			spent[s.Route+"|"+s.Kind+"|"+s.Name] = s.Time
		}
		assert.Equal(t, spent["GET /orders|dependency|payments"], 1520*ms)
		assert.Equal(t, spent["GET /orders|own|"], 330*ms)
		assert.Equal(t, spent["GET /orders|queue|"], 50*ms)
	})
}

func near(t *testing.T, got, want float64) {
	t.Helper()
	assert.True(t, got >= 0.87*want && got <= 1.13*want, "%v ms is not near %v ms", got, want)
}

func TestBookForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		serve(t, b, "GET /", 1, 0, ms, ms, Served{})
		time.Sleep(bookWindow / 2)
		assert.Len(t, b.Report(time.Now()).Routes, 1)
		time.Sleep(bookWindow / 2)
		r := b.Report(time.Now())
		assert.Len(t, r.Routes, 0)
		assert.True(t, r.WindowS >= 300 && r.WindowS <= 360)
		for range 3 {
			serve(t, b, "GET /", 1, 0, ms, ms, Served{})
		}
		assert.Equal(t, b.Report(time.Now()).Routes[0].Requests, 3)
	})
}

func TestBookIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		for i := range 1000 {
			ctx, l := opened(t, 0)
			e := Charge(ctx, Dependency, fmt.Sprint("d", i))
			time.Sleep(ms)
			e.End(nil)
			b.Account(fmt.Sprint("GET /", i)).Enter(l.Close(time.Now()), Served{At: time.Now()})
			b.Account("GET /0").Enter(l.Close(time.Now()), Served{At: time.Now()})
		}
		r := b.Report(time.Now())
		assert.Len(t, r.Routes, maxAccounts+1)
		requests, calls := uint64(0), uint64(0)
		for _, route := range r.Routes {
			assert.AtMost(t, len(route.Where), maxItems+2)
			requests += route.Requests
			for _, line := range route.Where {
				if line.Kind != "own" {
					calls += line.Requests
				}
			}
		}
		assert.Equal(t, requests, 2000) // nothing is lost
		assert.Equal(t, calls, 2000)
	})
}

func TestRoutesNeedWhatTheirServiceTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		slow, fast := b.Account("GET /slow"), b.Account("GET /fast")
		assert.False(t, slow.Doomed(time.Now(), ms))
		assert.True(t, slow.Doomed(time.Now(), ms-1)) // the floor
		for range 20 {
			serve(t, b, "GET /slow", 1, 50*ms, 80*ms, 20*ms, Served{Useful: true})
			serve(t, b, "GET /slow", 1, 0, 0, ms, Served{Failed: true}) // says nothing of the work
			serve(t, b, "GET /fast", 1, 0, 0, 2*ms, Served{Useful: true})
		}
		time.Sleep(needDue)
		near(t, float64(slow.Need())/float64(ms), 100)
		assert.True(t, slow.Doomed(time.Now(), 80*ms))
		assert.False(t, slow.Doomed(time.Now(), 100*ms))
		assert.False(t, fast.Doomed(time.Now(), 80*ms))

		passed := 0
		for range 10_000 {
			if !slow.Doomed(time.Now(), 50*ms) {
				passed++
			}
		}
		assert.Equal(t, passed, 100) // one in a hundred, to keep the estimate alive

		for range 200 { // it has become fast: those that are let through correct it
			time.Sleep(needWindow / 100)
			serve(t, b, "GET /slow", 1, 0, 0, 5*ms, Served{Useful: true})
		}
		assert.False(t, slow.Doomed(time.Now(), 50*ms))
	})
}

// Of a route that stands for many only the fastest says what a request needs at least.
func TestARouteOfManyNeedsWhatTheFastestTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		a := b.Account("/")
		a.Mix()
		for i := range 20 {
			took := 100 * ms
			if i == 3 {
				took = 20 * ms
			}
			serve(t, b, "/", 1, 0, 0, took, Served{Useful: true})
			time.Sleep(needDue / 10)
		}
		near(t, float64(a.Need())/float64(ms), 19)
		assert.False(t, a.Doomed(time.Now(), 25*ms))
		assert.True(t, a.Doomed(time.Now(), 15*ms))
	})
}

// When nothing is served any more, nothing is known of what a request needs.
func TestANeedThatNobodyMeetsIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		a := b.Account("GET /")
		for range 20 {
			serve(t, b, "GET /", 1, 0, 0, 100*ms, Served{Useful: true})
			time.Sleep(ms)
		}
		time.Sleep(2 * needDue)
		assert.True(t, a.Doomed(time.Now(), 50*ms))
		time.Sleep(needWindow + needDue)
		assert.False(t, a.Doomed(time.Now(), 50*ms))
		assert.False(t, (*Account)(nil).Doomed(time.Now(), 0))
	})
}

func TestPageSpeaksToPeopleAndMachines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBook()
		serve(t, b, "GET /<script>\x1b[2J", 7, ms, 8*ms, ms, Served{})
		get := func(accept string) *httptest.ResponseRecorder {
			r, w := httptest.NewRequest("GET", "/time", nil), httptest.NewRecorder()
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			b.ServeHTTP(w, r)
			return w
		}
		for _, accept := range []string{"", "application/json", "application/json, */*"} {
			w := get(accept)
			assert.Equal(t, w.Header().Get("Content-Type"), "application/json")
			var r Report
			assert.NoError(t, json.Unmarshal(w.Body.Bytes(), &r))
			assert.Equal(t, r.Routes[0].Where[0].Name, "payments")
		}
		text := get("*/*").Body.String()
		assert.Contains(t, text, "dependency payments  80.0 %")
		assert.Contains(t, text, "trace=07000000000000000000000000000000 queue=1ms payments=8ms own=1ms")
		assert.False(t, strings.Contains(text, "\x1b"))
		page := get("text/html,application/xhtml+xml,*/*").Body.String()
		assert.Contains(t, page, "GET /&lt;script&gt;")
		assert.Contains(t, page, "dependency payments")
		b = NewBook()
		for _, accept := range []string{"*/*", "text/html"} {
			assert.Contains(t, get(accept).Body.String(), "no request was served")
		}
		assert.Contains(t, get("").Body.String(), `"routes": []`)
	})
}

func TestBookIsConcurrent(t *testing.T) {
	b := NewBook()
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for n := range 500 {
				now := time.Now()
				var l Ledger
				ctx := l.Open(t.Context(), Terms{Arrival: now})
				ChargeAt(ctx, Dependency, fmt.Sprint("d", n%20), now).EndAt(nil, now.Add(ms))
				a := b.Account(fmt.Sprint("GET /", (n+i)%150))
				a.Enter(l.Close(now.Add(2*ms)), Served{At: now.Add(time.Duration(n) * time.Second), Useful: true})
				a.Doomed(now, ms)
				if n%100 == 0 {
					b.Report(now)
				}
			}
		})
	}
	writers.Wait()
	assert.AtMost(t, len(b.Report(time.Now()).Routes), maxAccounts+1)
}
