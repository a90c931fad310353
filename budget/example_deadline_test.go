package budget_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
)

// How does an existing net/http server get a deadline that holds?
func ExampleMiddleware() {
	stuck := make(chan struct{})
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		<-stuck // ignores its context
	})
	server := httptest.NewServer(budget.Middleware(budget.Config{Limit: 50 * time.Millisecond})(handler))
	defer server.Close()
	defer close(stuck)

	res, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.Status)
	fmt.Print(string(body))
	// Output:
	// 504 Gateway Timeout
	// {"type":"about:blank","title":"Deadline exceeded","status":504,"detail":"the request's budget is spent"}
}

// How does a chain of its own run a handler under a deadline, and what does it learn?
func ExampleEnforce() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		left, _ := budget.Remaining(r.Context())
		fmt.Fprint(w, "at most 250 ms are left: ", left <= 250*time.Millisecond)
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(budget.Header, "250") // a caller may shorten the deadline, never lengthen it
	w := httptest.NewRecorder()

	ctx, cancel := budget.Start(r.Context(), time.Now(), 5*time.Second, r.Header)
	defer cancel()
	result := budget.Enforce(w, r.WithContext(ctx), handler, budget.Enforcement{
		Returned: func(int) { fmt.Println("the handler has returned") },
	})
	if result.Outcome.Aborts() {
		panic(http.ErrAbortHandler)
	}
	fmt.Println(result.Outcome, result.Status, result.Bytes)
	fmt.Println(w.Body)
	// Output:
	// the handler has returned
	// finished 200 29
	// at most 250 ms are left: true
}
