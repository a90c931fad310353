package outbound_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// The transport alone, below a client that is there already: a dependency that hangs ends with the caller's budget.
func ExampleTransport() {
	dependency := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		given, err := strconv.Atoi(r.Header.Get("Plimsoll-Budget"))
		fmt.Println("the dependency is given less than there is:", err == nil && given < 200)
		<-r.Context().Done()
	}))
	defer dependency.Close()

	client := &http.Client{Transport: outbound.Transport(outbound.Config{Name: "payments"})}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, dependency.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Do(r)
	fmt.Println(problem.From(err).Kind, problem.From(err).Kind.Status())
	// Output:
	// the dependency is given less than there is: true
	// deadline 504
}
