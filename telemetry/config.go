package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// defaultBuffer is 4 MiB: at 300 bytes a line and 2,500 lines a second a
// reader may pause for 5 seconds before a line is dropped.
const defaultBuffer = 4 << 20

// Config says what a Telemetry speaks for and where its log goes.
type Config struct {
	// Service is the service's name (service.name). OTEL_SERVICE_NAME and
	// OTEL_RESOURCE_ATTRIBUTES have precedence. Empty: "unknown_service".
	Service string

	// Version is the service's version (service.version). Empty: the main
	// module's version as the Go toolchain recorded it.
	Version string

	// Level is the lowest level that is logged. Access lines are at
	// slog.LevelInfo, at slog.LevelError when the service failed. The zero
	// value is slog.LevelInfo.
	Level slog.Level

	// Output takes the log, one JSON object a line. It is written to from
	// one goroutine at a time, several lines a call, and may block. Nil:
	// os.Stdout.
	Output io.Writer

	// Buffer is how many bytes of log may wait for Output. The last quarter
	// is kept for warnings and errors that were logged through Logger.
	// 0: 4 MiB.
	Buffer int

	// Trusted tells whether a peer's X-Forwarded-For is believed. Nil:
	// nobody's is.
	Trusted func(netip.Addr) bool

	// Sampler decides which traces are recorded, and with that the sampled
	// flag that dependencies see. Nil: what OTEL_TRACES_SAMPLER and
	// OTEL_TRACES_SAMPLER_ARG say, else parentbased_always_on.
	Sampler sdktrace.Sampler
}

func (c Config) withDefaults() Config {
	if c.Service == "" {
		c.Service = "unknown_service"
	}
	if c.Version == "" {
		if info, ok := debug.ReadBuildInfo(); ok {
			c.Version = info.Main.Version
		}
	}
	if c.Output == nil {
		c.Output = os.Stdout
	}
	if c.Buffer <= 0 {
		c.Buffer = defaultBuffer
	}
	if c.Trusted == nil {
		c.Trusted = func(netip.Addr) bool { return false }
	}
	return c
}

// resource describes the service to exporters. The environment wins over code,
// as the OpenTelemetry specification has it.
func (c Config) resource() (*resource.Resource, error) {
	attrs := []attribute.KeyValue{
		semconv.ServiceName(c.Service),
		semconv.ServiceInstanceID(newTraceID().String()),
	}
	if c.Version != "" {
		attrs = append(attrs, semconv.ServiceVersion(c.Version))
	}
	res, err := resource.New(context.Background(),
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attrs...),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES (want key=value,key=value): %w", err)
	}
	return res, nil
}
