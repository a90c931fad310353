package budget_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
)

// How does a call take the budget along?
func ExampleForward() {
	ctx, cancel := budget.Start(context.Background(), time.Now(), 10*time.Second, nil)
	defer cancel()

	call, _ := http.NewRequestWithContext(ctx, "GET", "http://stock.example/items/7", nil)
	budget.Forward(ctx, call.Header)
	inbound, _ := budget.Inbound(call.Header) // what the callee sees
	fmt.Println(inbound > 9*time.Second, inbound <= 9800*time.Millisecond)
	// Output: true true
}

// Which of a caller's headers count?
func ExampleInbound() {
	h := http.Header{}
	h.Set("Plimsoll-Budget", "400")
	h.Set("Grpc-Timeout", "300m")
	h.Set("Connect-Timeout-Ms", "soon") // malformed: as if it were not there
	fmt.Println(budget.Inbound(h))
	// Output: 300ms true
}

// Why has a request's context ended?
func ExampleCause() {
	ctx, cancel := budget.Start(context.Background(), time.Now().Add(-time.Minute), 5*time.Second, nil)
	defer cancel()
	fmt.Println(budget.Cause(ctx))
	fmt.Println(errors.Is(budget.Cause(ctx), context.DeadlineExceeded))

	client, leave := context.WithCancel(context.Background())
	ctx, cancel = budget.Start(client, time.Now(), 5*time.Second, nil)
	defer cancel()
	leave()
	fmt.Println(budget.Cause(ctx))
	// Output:
	// the request's budget is spent: context deadline exceeded
	// true
	// the client is gone: context canceled
}

// How much time is left?
func ExampleRemaining() {
	_, ok := budget.Remaining(context.Background())
	fmt.Println("no deadline:", !ok)
	// Output: no deadline: true
}
