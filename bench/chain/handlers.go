package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// item and saved are an order, as it comes in and as it is answered.
type item struct {
	SKU        string `json:"sku"`
	Quantity   int    `json:"quantity"`
	PriceCents int    `json:"price_cents,omitempty"`
}

type saved struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Amount   int    `json:"amount_cents"`
	Currency string `json:"currency"`
	Items    []item `json:"items"`
}

// write answers with an order: the least that a service does.
func write(w http.ResponseWriter, currency string, items []item) {
	w.Header().Set("Content-Type", "application/json")
	// The client is this program.
	_ = json.NewEncoder(w).Encode(saved{ID: "o_8f14e45f", Status: "paid", Amount: 1250, Currency: currency, Items: items})
}

func read(w http.ResponseWriter, _ *http.Request) {
	write(w, "EUR", []item{{SKU: "a", Quantity: 5}})
}

func create(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Customer, Currency, Note string
		Items                    []item
	}
	if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for i := range order.Items {
		order.Items[i].PriceCents = 0
	}
	write(w, order.Currency, order.Items)
}

// The limits of the careful stack are those of a Plimsoll service.
const (
	limit   = 5 * time.Second
	maxBody = 1 << 20
)

// careful is what a careful team puts around its handler with net/http and slog:
// a body limit, a deadline that handlers see and one that clients see, recovery
// from panics and an access line.
func careful(h http.Handler, out io.Writer) http.Handler {
	log := slog.New(slog.NewJSONHandler(out, nil))
	h = limitBody(h)
	h = http.TimeoutHandler(h, limit, "the service took too long")
	h = withDeadline(h)
	return accessLog(log, h)
}

// observed adds what a service has besides: trace ids and metrics, by OpenTelemetry's
// own middleware, with no trace sampled and nothing exported.
func observed(h http.Handler) http.Handler {
	return otelhttp.NewHandler(h, "orders",
		otelhttp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))),
		otelhttp.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))
}

func limitBody(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r)
	})
}

func withDeadline(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// counter knows what was answered.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int
}

// WriteHeader notes the status.
func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// accessLog writes a line for each request, and recovers.
func accessLog(log *slog.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, c := time.Now(), &counter{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if v := recover(); v != nil {
				log.ErrorContext(r.Context(), "panic", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
				http.Error(c, "internal error", http.StatusInternalServerError)
			}
			log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", c.status),
				slog.Duration("duration", time.Since(start)), slog.Int("bytes", c.bytes), slog.String("client", r.RemoteAddr))
		}()
		h.ServeHTTP(c, r)
	})
}
