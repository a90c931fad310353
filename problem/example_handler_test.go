package problem_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/plimsoll-go/plimsoll/problem"
)

func ExampleHandler() {
	find := problem.Handler(func(w http.ResponseWriter, r *http.Request) error {
		return problem.New(problem.NotFound, "no order has this id")
	})
	w := httptest.NewRecorder()
	find.ServeHTTP(w, httptest.NewRequest("GET", "/orders/7", nil))
	fmt.Print(w.Code, " ", w.Body.String())
	// Output: 404 {"type":"about:blank","title":"Not found","status":404,"detail":"no order has this id"}
}
