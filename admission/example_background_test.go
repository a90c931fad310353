package admission_test

import (
	"context"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// rebuild does one piece of background work after another, each with a permit in
// the lowest class: while requests need all there is it stands back, and says what
// is left for later. In a service the controller is the one that requests pass,
// svc.Admission().
func rebuild(ctx context.Context, c *admission.Controller, pieces []string) (later []string) {
	for i, piece := range pieces {
		wait, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		permit, err := c.Acquire(wait, route.Sheddable)
		cancel()
		if err != nil {
			return pieces[i:] // in c.RetryAfter() seconds, say
		}
		fmt.Println("rebuilt", piece)
		permit.Release(admission.Success)
	}
	return nil
}

// Background work takes its permits from the controller that requests pass.
func ExampleController_Acquire_background() {
	c, err := admission.New(admission.Config{Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("later:", rebuild(context.Background(), c, []string{"a", "b"}))

	request, err := c.Acquire(context.Background(), route.Critical) // takes all there is
	if err != nil {
		fmt.Println(err)
		return
	}
	defer request.Release(admission.Success)
	fmt.Println("later:", rebuild(context.Background(), c, []string{"c"}))
	// Output:
	// rebuilt a
	// rebuilt b
	// later: []
	// later: [c]
}
