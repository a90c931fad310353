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
	held, letGo, ended := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() {
		ended <- db.Tx(t.Context(), func(context.Context, *sql.Tx) error {
			close(held)
			<-letGo
			return nil
		})
	}()
	<-held
	go func() { ended <- db.Tx(t.Context(), func(context.Context, *sql.Tx) error { return nil }) }()
	one := regexp.MustCompile(`db_client_connection_pending_requests\S*pool_name="orders.write"\S* 1`)
	assert.Eventually(t, 5*time.Second, func() bool { return one.MatchString(scrape()) }, "one waits")
	close(letGo)
	assert.NoError(t, <-ended)
	assert.NoError(t, <-ended)
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
