package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/plimsoll-go/plimsoll/budget"
)

// What a bill is called on a span. Durations are in seconds, as in metrics.
const (
	keyBill  = attribute.Key("plimsoll.bill")
	keyOwn   = attribute.Key("plimsoll.time.own")
	keyQueue = attribute.Key("plimsoll.time.queue")
	keyLeft  = attribute.Key("plimsoll.time.left")
)

// billed are a span's attributes of a bill.
func billed(b *budget.Bill) []attribute.KeyValue {
	if b == nil {
		return nil
	}
	attrs := []attribute.KeyValue{keyBill.String(b.String()), keyOwn.Float64(b.Own.Seconds())}
	for line := range b.Lines {
		if line.Kind == budget.Queue {
			attrs = append(attrs, keyQueue.Float64(line.Wall.Seconds()))
		}
	}
	if b.Limited {
		attrs = append(attrs, keyLeft.Float64(b.Left.Seconds()))
	}
	return attrs
}

// observeTime reports where the time of each route went: in all, so that a rate of it over the rate of another line, or
// of the whole, is a share. Own work is the kind "own".
func observeTime(m metric.Meter, book *budget.Book) error {
	_, err := m.Float64ObservableCounter("plimsoll.time.spent",
		metric.WithUnit("s"),
		metric.WithDescription("Time of requests by what it was spent on: own work, the queue, each dependency. What overlaps is counted for each."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			for s := range book.Spendings {
				o.Observe(s.Time.Seconds(), metric.WithAttributeSet(spendingAttributes(s)))
			}
			return nil
		}),
	)
	return err
}

func spendingAttributes(s budget.Spending) attribute.Set {
	attrs := []attribute.KeyValue{semconv.HTTPRoute(routePath(s.Route)), attribute.String("kind", s.Kind)}
	if method, _, ok := strings.Cut(s.Route, " "); ok && methodOf(method) != 0 {
		attrs = append(attrs, methodOf(method).attribute())
	}
	if s.Name != "" {
		attrs = append(attrs, attribute.String("name", s.Name))
	}
	return attribute.NewSet(attrs...)
}
