package attack

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestAManifestGivesTheNumbers(t *testing.T) {
	var m manifest
	assert.NoError(t, json.Unmarshal([]byte(`{"schema":1,
		"limits":{"deadline_ms":5000,"header_timeout_ms":4000,"idle_timeout_ms":75000,"drain_lag_ms":5000,"drain_ms":20000},
		"routes":[{"pattern":"GET /orders/{id}","budget_ms":500},{"pattern":"POST /orders","budget_ms":3000},{"pattern":"not { a pattern","budget_ms":1}]}`), &m))
	n := m.numbers("POST", "/orders")
	assert.Equal(t, *n.Deadline, 3*time.Second)
	assert.Equal(t, *n.Body, 3*time.Second)
	assert.Equal(t, *n.Header, 4*time.Second)
	assert.Equal(t, *n.IdleMax, 75*time.Second)
	assert.Equal(t, *n.Exit, 27*time.Second)
	assert.Equal(t, *m.numbers("GET", "/orders/o_1").Deadline, 500*time.Millisecond)
	assert.Equal(t, *m.numbers("GET", "/elsewhere").Deadline, 5*time.Second)
	assert.Zero(t, manifest{}.numbers("GET", "/").Deadline, "what is not published is not promised")
}

func TestWhatIsDescribedOfAnAnswer(t *testing.T) {
	assert.Equal(t, describe(0, "no response in time", nil), "no response in time")
	assert.Equal(t, describe(500, "", []byte("{\n  \"error\": 1\n}")), `it answered 500 { "error": 1 }`)
}
