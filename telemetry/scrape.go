package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// newScrape makes the registry that is scraped and the reader that fills it, also
// from beside.
// Names are the OpenTelemetry ones with underscores and units, as in
// http_server_request_duration_seconds (the exporter's default). What the OpenTelemetry API cannot say
// about the process (CPU seconds, resident memory, file descriptors) is there
// under Prometheus's usual process_ names.
func newScrape(beside sdkmetric.Producer) (*prometheus.Registry, sdkmetric.Reader, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})); err != nil {
		return nil, nil, fmt.Errorf("register process metrics: %w", err)
	}
	exporter, err := otelprometheus.New(
		otelprometheus.WithRegisterer(registry),
		otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithProducer(newLatencies()),
		otelprometheus.WithProducer(beside),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("register metrics: %w", err)
	}
	return registry, exporter, nil
}

// Scrape serves all metrics in the Prometheus text formats. One metric that
// cannot be collected is logged and does not keep the others from being served.
func (t *Telemetry) Scrape() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog:          scrapeLog{t.logger},
		ErrorHandling:     promhttp.ContinueOnError,
		EnableOpenMetrics: true,
	})
}

type scrapeLog struct{ logger *slog.Logger }

// Println implements promhttp.Logger.
func (l scrapeLog) Println(v ...any) { l.logger.Error("scrape incomplete", "error", fmt.Sprint(v...)) }
