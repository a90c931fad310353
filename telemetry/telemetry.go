package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/budget"
)

// scopeName is the instrumentation scope of what this package records.
const scopeName = "github.com/plimsoll-go/plimsoll/telemetry"

// Telemetry is the log, the traces and the metrics of one service.
type Telemetry struct {
	level    *slog.LevelVar
	sink     *sink
	lines    lines
	logger   *slog.Logger
	trusted  func(netip.Addr) bool
	resource *resource.Resource

	provider *tracerProvider
	tracer   trace.Tracer

	registry *prometheus.Registry
	reader   sdkmetric.Reader // the scrape's pipeline, which exporters share
	meters   *sdkmetric.MeterProvider
	server   *serverMetrics
	clients  *clientMetrics
	refusals *refusals
	book     *budget.Book

	mu        sync.Mutex
	exporters []*sdkmetric.MeterProvider // one for each AddMetricExporter
}

// New makes a Telemetry. An error is a fault in the OTEL_ variables that it
// reads: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and
// OTEL_TRACES_SAMPLER_ARG. It starts nothing that has to be stopped; Shutdown
// flushes.
func New(cfg Config) (*Telemetry, error) {
	cfg = cfg.withDefaults()
	res, err := cfg.resource()
	if err != nil {
		return nil, err
	}
	if cfg.Sampler == nil {
		if cfg.Sampler, err = samplerFromEnv(os.Getenv); err != nil {
			return nil, err
		}
	}
	t := &Telemetry{
		level:    new(slog.LevelVar),
		sink:     newSink(cfg.Output, cfg.Buffer),
		trusted:  cfg.Trusted,
		resource: res,
		book:     budget.NewBook(),
	}
	t.level.Set(cfg.Level)
	t.logger = slog.New(newHandler(t.sink, t.level))
	t.provider = newTracerProvider(res, cfg.Sampler)
	t.tracer = t.provider.Tracer(scopeName, trace.WithSchemaURL(semconv.SchemaURL))
	if err := t.openMetrics(); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	return t, nil
}

// openMetrics builds the one pipeline that every measurement goes through.
func (t *Telemetry) openMetrics() (err error) {
	t.server, t.clients = &serverMetrics{}, &clientMetrics{}
	if t.registry, t.reader, err = newScrape(durations{t.server, t.clients}); err != nil {
		return err
	}
	t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(t.reader), sdkmetric.WithResource(t.resource))
	meter := t.meters.Meter(scopeName, metric.WithSchemaURL(semconv.SchemaURL))
	if err = t.server.observe(meter); err != nil {
		return err
	}
	if t.refusals, err = newRefusals(meter, t.logger); err != nil {
		return err
	}
	if err = observeLog(meter, t.sink); err != nil {
		return err
	}
	if err = observeTime(meter, t.book); err != nil {
		return err
	}
	return observeRuntime(meter)
}

// observeLog reports how many log lines were dropped.
func observeLog(m metric.Meter, s *sink) error {
	_, err := m.Int64ObservableCounter("plimsoll.log.dropped",
		metric.WithUnit("{line}"),
		metric.WithDescription("Log lines dropped because the log's reader was too slow or gone."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(s.dropped.Load()))
			return nil
		}),
	)
	return err
}

// Logger writes JSON lines with the trace of the record's context. It does not
// block on the log's reader.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// Level is the lowest level that is logged. It may be changed at any time.
func (t *Telemetry) Level() *slog.LevelVar { return t.level }

// Book adds up where the time of each route's requests went. It is a handler, for operators.
func (t *Telemetry) Book() *budget.Book { return t.book }

// Meter makes instruments for the service's own metrics.
func (t *Telemetry) Meter() metric.Meter { return t.meters.Meter(t.serviceName()) }

// MeterProvider is for instrumentation that wants one.
func (t *Telemetry) MeterProvider() metric.MeterProvider { return t.meters }

// Tracer makes the service's own spans. Until something exports them they cost
// nothing and are only ids.
func (t *Telemetry) Tracer() trace.Tracer { return t.provider.Tracer(t.serviceName()) }

// TracerProvider is for instrumentation that wants one.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.provider }

// Resource describes the service to exporters.
func (t *Telemetry) Resource() *resource.Resource { return t.resource }

func (t *Telemetry) serviceName() string {
	name, _ := t.resource.Set().Value(semconv.ServiceNameKey)
	return name.AsString()
}

// AddSpanProcessor gives p every span that is made from now on, and turns the
// making of spans on.
func (t *Telemetry) AddSpanProcessor(p sdktrace.SpanProcessor) {
	t.provider.sdk.RegisterSpanProcessor(p)
	t.provider.active.Store(true)
}

// flushReserve is the share of Shutdown's time, one in this many, that is kept
// for the log when an exporter hangs.
const flushReserve = 4

// defaultShutdown bounds a Shutdown whose context has no deadline.
const defaultShutdown = 5 * time.Second

// Shutdown hands over what was recorded: refusals that were not logged yet,
// spans, metrics, and last the log. It ends exporters, so it returns in time
// even when they hang; an error says what could not be handed over. The log
// and the scrape go on working: what is logged later is written, and a second
// Shutdown flushes it.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(defaultShutdown)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	export, done := context.WithTimeout(ctx, time.Until(deadline)*(flushReserve-1)/flushReserve)
	defer done()

	t.refusals.flush()
	t.provider.active.Store(false)
	t.mu.Lock()
	exporters := t.exporters
	t.exporters = nil
	t.mu.Unlock()
	results := make(chan error, len(exporters)+1)
	go func() { results <- wrap("flush traces", t.provider.sdk.Shutdown(export)) }()
	for _, e := range exporters {
		go func() { results <- wrap("flush metrics", e.Shutdown(export)) }()
	}
	var errs []error
	for range cap(results) {
		select {
		case err := <-results:
			errs = append(errs, err)
		case <-ctx.Done(): // an exporter that ignores its context
			return errors.Join(append(errs, wrap("flush telemetry", context.Cause(ctx)), t.Flush(ctx))...)
		}
	}
	return errors.Join(append(errs, t.Flush(ctx))...)
}

func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}

// Flush waits until every line logged before is written, or the context ends.
func (t *Telemetry) Flush(ctx context.Context) error { return t.sink.flush(ctx) }
