package budget_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// Where did the time of a request go?
func ExampleCharge() {
	arrival := time.Now()
	at := func(ms int) time.Time { return arrival.Add(time.Duration(ms) * time.Millisecond) } // a clock for the example

	var ledger budget.Ledger // a service's chain has one for each request
	ctx := ledger.Open(context.Background(), budget.Terms{Arrival: arrival, Deadline: at(5000), Class: route.Critical})
	ledger.Enter(budget.Queue, "", 2*time.Millisecond)

	call := budget.ChargeAt(ctx, budget.Dependency, "payments", at(3)) // budget.Charge reads the clock itself
	first := call.AttemptAt(0, at(3))
	first.EndAt(errors.New("connection reset"), at(10))
	second := call.AttemptAt(1, at(15))
	second.EndAt(nil, at(33))
	call.EndAt(nil, at(33))

	fmt.Println(ledger.Close(at(35)))
	// Output: queue=2ms payments=30ms payments#0=7ms!1 payments#1=18ms own=3ms left=4965ms
}
