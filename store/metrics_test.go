package store_test

import (
	"context"
	"database/sql"
	"io"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store"
	"github.com/plimsoll-go/plimsoll/store/storetest"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

type measuringHost struct{ telemetry *telemetry.Telemetry }

func (*measuringHost) Add(life.Component)                {}
func (h *measuringHost) Telemetry() *telemetry.Telemetry { return h.telemetry }

func TestThePoolsAreMeasured(t *testing.T) {
	tel, err := telemetry.New(telemetry.Config{Service: "test", Output: io.Discard})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.Background())) })
	db, err := store.Open(t.Context(), &measuringHost{tel}, storetest.SQLite(t).URL, store.MaxConns(3), store.Name("orders"))
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })

	scrape := func() string {
		w := httptest.NewRecorder()
		tel.Scrape().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		return w.Body.String()
	}
	waiter := make(chan error, 1)
	err = db.Tx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
		go func() { waiter <- db.Tx(t.Context(), func(context.Context, *sql.Tx) error { return nil }) }()
		assert.Eventually(t, 5*time.Second, func() bool {
			return regexp.MustCompile(`db_client_connection_pending_requests\S*pool_name="orders.write"\S* 1`).MatchString(scrape())
		})
		return ctx.Err()
	})
	assert.NoError(t, err)
	assert.NoError(t, <-waiter)
	now := scrape()
	for _, line := range []string{
		`db_client_connection_max\S*pool_name="orders.write"\S* 1`,
		`db_client_connection_max\S*pool_name="orders.read"\S* 3`,
		`db_client_connection_count\S*pool_name="orders.write"\S*state="used"\S* 0`,
		`db_client_connection_pending_requests\S*pool_name="orders.write"\S* 0`,
		`plimsoll_store_wait_seconds_total\S*pool_name="orders.write"\S* 0\.[0-9]*[1-9]`,
	} {
		assert.Match(t, now, line)
	}
}
