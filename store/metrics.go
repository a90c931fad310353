package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// pool is one pool of connections as metrics show it.
type pool struct {
	db   *sql.DB
	name metric.MeasurementOption
	used metric.MeasurementOption
	idle metric.MeasurementOption
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
		metric.WithDescription("Transactions that wait for their turn."))
	waited, e4 := meter.Float64ObservableCounter("plimsoll.store.wait", metric.WithUnit("s"),
		metric.WithDescription("Time spent waiting for a connection of a pool, in all."))
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return fmt.Errorf("register metrics of %s: %w", db.name, err)
	}
	pools := db.pools()
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for i, p := range pools {
			stats := p.db.Stats()
			wait := stats.WaitDuration.Seconds()
			if i == 0 {
				o.ObserveInt64(waiting, db.waiting.Load(), p.name)
				wait += float64(db.waited.Load()) / 1e9
			}
			o.ObserveInt64(count, int64(stats.InUse), p.used)
			o.ObserveInt64(count, int64(stats.Idle), p.idle)
			o.ObserveInt64(most, int64(stats.MaxOpenConnections), p.name)
			o.ObserveFloat64(waited, wait, p.name)
		}
		return nil
	}, count, most, waiting, waited)
	if err != nil {
		return fmt.Errorf("register metrics of %s: %w", db.name, err)
	}
	return nil
}

// pools are the pools that requests use, the one that writes first.
func (db *DB) pools() []pool {
	if db.Reader() == db.SQL() {
		return []pool{newPool(db.SQL(), db.name)}
	}
	return []pool{newPool(db.SQL(), db.name+".write"), newPool(db.Reader(), db.name+".read")}
}

func newPool(db *sql.DB, name string) pool {
	named := attribute.String("db.client.connection.pool.name", name)
	state := func(state string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(named, attribute.String("db.client.connection.state", state)))
	}
	return pool{db: db, name: metric.WithAttributeSet(attribute.NewSet(named)), used: state("used"), idle: state("idle")}
}
