package outbound

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// instruments are the metrics of a client. They are read when somebody asks; a call only adds to its counts.
type instruments struct {
	attempts, repeats, refused, hedges, degraded metric.Int64ObservableCounter
	breaker, underWay, limit, waiting            metric.Int64ObservableGauge
	budget                                       metric.Float64ObservableGauge
}

// observe registers the metrics with the service's telemetry, if there is one.
func (t *transport) observe() error {
	if t.telemetry == nil {
		return nil
	}
	meter := t.telemetry.Meter()
	var in instruments
	var errs [10]error
	counter := func(i int, name, unit, help string) (c metric.Int64ObservableCounter) {
		c, errs[i] = meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(help))
		return c
	}
	gauge := func(i int, name, unit, help string) (g metric.Int64ObservableGauge) {
		g, errs[i] = meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help))
		return g
	}
	in.attempts = counter(0, "plimsoll.client.attempts", "{attempt}", "Attempts of calls to a dependency, by how they ended.")
	in.repeats = counter(1, "plimsoll.client.repeats", "{decision}", "What was decided after each attempt: to send the call again, or why not.")
	in.refused = counter(2, "plimsoll.client.refused", "{attempt}", "Attempts that were not sent, by what held them back.")
	in.hedges = counter(3, "plimsoll.client.hedges", "{attempt}", "Attempts beside one that took long, and those of them that were answered first.")
	in.degraded = counter(4, "plimsoll.client.degraded", "{call}", "Failed calls that the service went on without.")
	in.breaker = gauge(5, "plimsoll.client.breaker", "{state}", "0: closed, 1: half-open, 2: open.")
	in.underWay = gauge(6, "plimsoll.client.bulkhead.calls", "{call}", "Attempts that are under way.")
	in.limit = gauge(7, "plimsoll.client.bulkhead.limit", "{call}", "How many may be; 0: any number.")
	in.waiting = gauge(8, "plimsoll.client.bulkhead.waiting", "{call}", "Attempts that wait for one to end.")
	in.budget, errs[9] = meter.Float64ObservableGauge("plimsoll.client.retry_budget", metric.WithUnit("{attempt}"),
		metric.WithDescription("Retries that may be sent at once."))
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		t.destinations.all(func(host string, d *destination) { in.read(o, t, host, d) })
		return nil
	}, in.attempts, in.repeats, in.refused, in.hedges, in.degraded, in.breaker, in.underWay, in.limit, in.waiting, in.budget)
	return err
}

// read tells the state of one destination.
func (in *instruments) read(o metric.Observer, t *transport, host string, d *destination) {
	whose := []attribute.KeyValue{semconv.ServicePeerName(t.config.Name), semconv.ServerAddress(host)}
	with := func(more ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributes(append(whose[:2:2], more...)...)
	}
	for i := range d.counts.outcomes {
		if n := d.counts.outcomes[i].Load(); n > 0 {
			o.ObserveInt64(in.attempts, n, with(attribute.String("outcome", outcome(i).String())))
		}
	}
	for i := range d.counts.verdicts {
		if n := d.counts.verdicts[i].Load(); n > 0 {
			o.ObserveInt64(in.repeats, n, with(attribute.String("verdict", verdict(i).String())))
		}
	}
	for i := range d.counts.refusals {
		o.ObserveInt64(in.refused, d.counts.refusals[i].Load(), with(attribute.String("reason", refusal(i).String())))
	}
	for i := range d.counts.hedges {
		o.ObserveInt64(in.hedges, d.counts.hedges[i].Load(), with(attribute.String("event", hedgeEventNames[i])))
	}
	clock := t.clock(time.Now())
	o.ObserveInt64(in.degraded, d.counts.degraded.Load(), with())
	o.ObserveInt64(in.breaker, int64(d.breaker.state(clock)), with())
	o.ObserveFloat64(in.budget, d.retries.left(clock), with())
	s := d.bulkhead.Snapshot()
	waiting := 0
	for _, w := range s.Queue {
		waiting += w.Count
	}
	o.ObserveInt64(in.underWay, int64(s.InFlight), with())
	o.ObserveInt64(in.limit, int64(s.Limit), with())
	o.ObserveInt64(in.waiting, int64(waiting), with())
}
