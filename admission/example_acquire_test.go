package admission_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// A controller around any work, here in the lowest class, as background work is.
func ExampleController_Acquire() {
	c, err := admission.New(admission.Config{Limit: 1, Queue: admission.NoQueue})
	if err != nil {
		fmt.Println(err)
		return
	}
	work := func() error {
		permit, err := c.Acquire(context.Background(), route.Sheddable)
		if err != nil {
			return err
		}
		defer permit.Release(admission.Success)
		fmt.Println("working, in flight:", c.Snapshot().InFlight)

		_, err = c.Acquire(context.Background(), route.Sheddable) // another, meanwhile
		return err
	}
	err = work()
	fmt.Println(errors.Is(err, admission.ErrShed), err)
	fmt.Println("in flight:", c.Snapshot().InFlight)
	// Output:
	// working, in flight: 1
	// true shed: the service is at its limit
	// in flight: 0
}
