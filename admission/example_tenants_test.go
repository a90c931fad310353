package admission_test

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/route"
)

// One tenant must not take another's share: give each a number.
func Example_tenants() {
	controller, err := admission.New(admission.Config{Mode: admission.Adaptive})
	if err != nil {
		fmt.Println(err)
		return
	}
	seed := maphash.MakeSeed()
	tenant := maphash.String(seed, "the caller's token, or its address")

	permit, err := controller.AcquireFor(context.Background(), route.Critical, tenant)
	if err != nil {
		fmt.Println(err) // ErrShed, ErrDoomed or ErrCanceled
		return
	}
	defer permit.Release(admission.Success)
	fmt.Println(controller.Snapshot().InFlight, "at work")
	// Output: 1 at work
}
