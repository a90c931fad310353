package store

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/store/internal/pool"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// gauges are how one pool of connections is named in metrics.
type gauges struct {
	pool             *pool.Pool
	name, used, idle metric.MeasurementOption
}

// observe shows how full the pools are on the host's metrics, if it has any.
// The names are those of OpenTelemetry's conventions for database clients,
// where they have one.
func (db *DB) observe(host life.Host) error {
	h, ok := host.(interface{ Telemetry() *telemetry.Telemetry })
	if !ok {
		return nil
	}
	meter := h.Telemetry().Meter()
	count, e1 := meter.Int64ObservableUpDownCounter("db.client.connection.count", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections of a pool, by what they do."))
	most, e2 := meter.Int64ObservableUpDownCounter("db.client.connection.max", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections that a pool may have."))
	waiting, e3 := meter.Int64ObservableUpDownCounter("db.client.connection.pending_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Who wait for a connection of a pool."))
	waited, e4 := meter.Float64ObservableCounter("plimsoll.store.wait", metric.WithUnit("s"),
		metric.WithDescription("Time spent waiting for a connection of a pool, in all."))
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return fmt.Errorf("register metrics of %s: %w", db.name, err)
	}
	pools := make([]gauges, 0, 2)
	for _, p := range db.engine.Pools() {
		pools = append(pools, newGauges(p))
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, g := range pools {
			stats := g.pool.Stats()
			o.ObserveInt64(waiting, int64(stats.Waiting), g.name)
			o.ObserveInt64(count, int64(stats.Used), g.used)
			o.ObserveInt64(count, int64(stats.Idle), g.idle)
			o.ObserveInt64(most, int64(stats.Size), g.name)
			o.ObserveFloat64(waited, stats.Waited.Seconds(), g.name)
		}
		return nil
	}, count, most, waiting, waited)
	if err != nil {
		return fmt.Errorf("register metrics of %s: %w", db.name, err)
	}
	return nil
}

func newGauges(p *pool.Pool) gauges {
	named := attribute.String("db.client.connection.pool.name", p.Name())
	state := func(state string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(named, attribute.String("db.client.connection.state", state)))
	}
	return gauges{pool: p, name: metric.WithAttributeSet(attribute.NewSet(named)), used: state("used"), idle: state("idle")}
}
