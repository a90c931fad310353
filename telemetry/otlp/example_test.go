package otlp_test

import (
	"context"
	"fmt"
	"io"

	"github.com/plimsoll-go/plimsoll/telemetry"
	"github.com/plimsoll-go/plimsoll/telemetry/otlp"
)

// One call, always there: without OTEL_EXPORTER_OTLP_ENDPOINT it does nothing.
func ExampleStart() {
	ctx := context.Background()
	tel, err := telemetry.New(telemetry.Config{Service: "orders", Output: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := otlp.Start(ctx, tel); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tel.Shutdown(ctx))
	// Output: <nil>
}
