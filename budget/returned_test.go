package budget_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestReturnedIsToldTheHandlersStatus(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    int
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, 200},
		"a failure":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 503},
		"a panic":         {func(http.ResponseWriter, *http.Request) { panic("no") }, 500},
	} {
		got := -1
		budget.Enforce(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), c.handler,
			budget.Enforcement{Returned: func(status int) { got = status }, Panic: func(any, []byte) {}})
		assert.Equal(t, got, c.want, name)
	}
}
