// Package otlp sends the traces and metrics of a service to an OpenTelemetry
// collector over OTLP/HTTP, as the standard OTEL_ variables say. It is a module
// of its own, so that a service that is only scraped does not link it.
//
//	func setup(ctx context.Context, svc *plimsoll.Service, cfg Config) error {
//		if err := otlp.Start(ctx, svc.Telemetry()); err != nil {
//			return err
//		}
//		…
//	}
//
// With nothing set it does nothing, so the call can always be there:
//
//	OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 ./orders
//
// These are read: OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER and
// OTEL_METRICS_EXPORTER (otlp, none, prometheus), OTEL_EXPORTER_OTLP_* with
// their TRACES_ and METRICS_ variants (ENDPOINT, HEADERS, TIMEOUT, COMPRESSION,
// CERTIFICATE, CLIENT_CERTIFICATE, CLIENT_KEY, PROTOCOL), OTEL_BSP_* and
// OTEL_METRIC_EXPORT_INTERVAL. The sampler, the service's name and its resource
// attributes are read by telemetry.New.
//
// A collector that is down or hangs is never felt by a request: spans wait in a
// bounded queue (2,048, OTEL_BSP_MAX_QUEUE_SIZE) and are dropped when it is
// full, metrics are pushed from a goroutine of their own. The failure is logged
// when it begins, once a minute while it lasts, and when it ends.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/plimsoll-go/plimsoll/telemetry"
)

// Start adds exporters to t for the signals that the environment asks for. It
// connects to nothing yet. An error names every variable that is wrong or asks
// for what is not there, such as gRPC, with what to do; nothing is started then.
// The exporters end with t.Shutdown, which sends what they still hold.
func Start(ctx context.Context, t *telemetry.Telemetry) error {
	want, err := read(os.Getenv)
	if err != nil {
		return err
	}
	var processor sdktrace.SpanProcessor
	if want.traces {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return fmt.Errorf("start the trace exporter: %w", err)
		}
		processor = sdktrace.NewBatchSpanProcessor(&spans{SpanExporter: exporter, reporter: newReporter("traces", t.Logger())})
	}
	if want.metrics {
		exporter, err := otlpmetrichttp.New(ctx)
		if err == nil {
			err = t.AddMetricExporter(&metrics{Exporter: exporter, reporter: newReporter("metrics", t.Logger())})
		}
		if err != nil {
			err = fmt.Errorf("start the metric exporter: %w", err)
			if processor != nil {
				err = errors.Join(err, processor.Shutdown(ctx))
			}
			return err
		}
	}
	if processor != nil {
		t.AddSpanProcessor(processor)
	}
	return nil
}
