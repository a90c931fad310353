package budget_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// The middleware alone keeps a ledger, over HTTP/1.1 and HTTP/2, and a handler that outlives its request changes
// nothing of its bill.
func TestMiddlewareMakesABill(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, func(w http.ResponseWriter, r *http.Request) {
					call := budget.Charge(r.Context(), budget.Dependency, "payments")
					time.Sleep(100 * time.Millisecond)
					call.End(nil)
					w.Header().Set("X-Terms", fmt.Sprint(budget.Class(r.Context()), budget.Attempt(r.Context())))
					if r.Method == http.MethodPost {
						budget.Charge(r.Context(), budget.Database, "")
						time.Sleep(time.Minute)
					}
				})
				r := request(t, http.MethodGet, nil)
				r.Header.Set(budget.HeaderClass, "critical-plus")
				r.Header.Set(budget.HeaderAttempt, "3")
				got, err := send(t, client(s), r)
				assert.NoError(t, err)
				assert.Equal(t, got.header.Get("X-Terms"), "unset 0") // nobody is trusted unless said so
				assert.Equal(t, got.header.Get("Server-Timing"), "")
				_, err = send(t, client(s), request(t, http.MethodPost, strings.NewReader("")))
				assert.NoError(t, err)
				synctest.Wait()
				assert.Equal(t, s.bills[0].String(), "payments=100ms own=0ms left=150ms")
				assert.Equal(t, s.bills[1].String(), "payments=100ms database=150ms~ own=0ms left=0ms")
				time.Sleep(2 * time.Minute)
				assert.Equal(t, s.bills[1].String(), "payments=100ms database=150ms~ own=0ms left=0ms")
			})
		})
	}
}

func TestMiddlewareBelievesAndTellsTheTrusted(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				trust := func(*http.Request) bool { return true }
				s := serve(t, budget.Config{Trusted: trust}, func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(20 * time.Millisecond)
					w.Header().Set("X-Terms", fmt.Sprint(budget.Class(r.Context()), budget.Attempt(r.Context())))
				})
				r := request(t, http.MethodGet, nil)
				r.Header.Set(budget.HeaderClass, "critical-plus")
				r.Header.Set(budget.HeaderAttempt, "3")
				got, err := send(t, client(s), r)
				assert.NoError(t, err)
				assert.Equal(t, got.header.Get("X-Terms"), "critical-plus 3")
				assert.Equal(t, got.header.Get("Server-Timing"), "app;dur=20, q;dur=0")
			})
		})
	}
}
