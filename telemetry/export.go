package telemetry

import (
	"context"
	"fmt"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// AddMetricExporter pushes all metrics through e, every minute or as
// OTEL_METRIC_EXPORT_INTERVAL says (milliseconds), and once more at Shutdown,
// which also shuts e down. What is pushed is what is scraped: measuring costs
// the same however many exporters there are.
//
// That is why only cumulative temporality can be pushed. An exporter that wants
// deltas is refused.
func (t *Telemetry) AddMetricExporter(e sdkmetric.Exporter) error {
	for kind := sdkmetric.InstrumentKindCounter; kind <= sdkmetric.InstrumentKindGauge; kind++ {
		if e.Temporality(kind) != metricdata.CumulativeTemporality {
			return fmt.Errorf("add metric exporter: %v asked for with delta temporality, and only cumulative is kept "+
				"(unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, or convert in the collector: cumulativetodelta)", kind)
		}
	}
	reader := sdkmetric.NewPeriodicReader(e, sdkmetric.WithProducer(scraped{t.reader}))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(t.resource))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exporters = append(t.exporters, provider)
	return nil
}

// scraped hands the metrics of the scrape's reader to another reader.
type scraped struct{ from sdkmetric.Reader }

// Produce implements sdkmetric.Producer.
func (s scraped) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	var rm metricdata.ResourceMetrics
	if err := s.from.Collect(ctx, &rm); err != nil {
		return nil, err
	}
	return rm.ScopeMetrics, nil
}
