package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// clientMetrics are the metrics of requests to dependencies.
type clientMetrics struct {
	series series[clientKey, *histogram]
}

// clientKey names one series of http.client.request.duration.
type clientKey struct {
	name      string // of the dependency
	host      string // as in the URL, with its port if it has one
	scheme    string
	method    methodID
	status    int16  // 0 when none was received
	errorType string // "" when there was no error
}

// Call is one request to a dependency, from StartClient to End.
type Call struct {
	telemetry *Telemetry
	key       clientKey
	start     time.Time
	span      trace.Span // the SDK's span, else nil
	ended     atomic.Bool
}

// StartClient observes one request to the dependency of this name, which must
// have few values. The context carries the client's span; what the request
// sends of it is up to the caller, by Inject. Every attempt is its own request.
// End must follow, once.
func (t *Telemetry) StartClient(ctx context.Context, r *http.Request, name string) (context.Context, *Call) {
	c := new(Call)
	return c.Start(ctx, t, r, name), c
}

// Start is StartClient for a Call that is part of another struct. It is used once.
func (c *Call) Start(ctx context.Context, t *Telemetry, r *http.Request, name string) context.Context {
	c.telemetry, c.start = t, time.Now()
	c.key = clientKey{name: name, host: r.URL.Host, scheme: r.URL.Scheme, method: methodOf(r.Method)}
	if !t.provider.active.Load() {
		return ctx
	}
	spanName := c.key.method.String()
	if c.key.method == 0 {
		spanName = "HTTP"
	}
	ctx, c.span = t.tracer.Start(ctx, spanName,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(c.start),
		trace.WithAttributes(append(c.key.target(), semconv.URLFull(bareURL(r.URL)))...),
	)
	return ctx
}

// Resend says on the span that the request was sent n times before. 0 says nothing.
func (c *Call) Resend(n int) {
	if n > 0 && c.span != nil {
		c.span.SetAttributes(semconv.HTTPRequestResendCount(n))
	}
}

// bareURL is u without what may be a credential: user info, query, fragment.
func bareURL(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return clip(bare.String(), maxPath)
}

// End counts the request and ends its span. The status is 0 when no answer came,
// and err says why. Only the first call counts.
func (c *Call) End(status int, err error) {
	if !c.ended.CompareAndSwap(false, true) {
		return
	}
	c.key.status = int16(status)
	c.key.errorType = clientErrorType(status, err)
	elapsed := time.Since(c.start)
	var sc trace.SpanContext
	if c.span != nil {
		sc = c.span.SpanContext()
		c.endSpan(status, err)
	}
	c.telemetry.clients.series.get(c.key, clientKey.fold, clientKey.histogram).record(sc, elapsed)
}

func (c *Call) endSpan(status int, err error) {
	if status != 0 {
		c.span.SetAttributes(semconv.HTTPResponseStatusCode(status))
	}
	if c.key.errorType != "" {
		description := ""
		if err != nil {
			description = clip(scrub(err.Error()), maxError)
		}
		c.span.SetAttributes(semconv.ErrorTypeKey.String(c.key.errorType))
		c.span.SetStatus(codes.Error, description)
	}
	c.span.End()
}

// clientErrorType is a name with few values for what went wrong, "" if nothing
// did: a status from 400 on is an error of a client's request.
func clientErrorType(status int, err error) string {
	var timeout net.Error
	switch {
	case err == nil && status >= 400:
		return strconv.Itoa(status)
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}

// target is where the request goes and with which method.
func (k clientKey) target() []attribute.KeyValue {
	attrs := []attribute.KeyValue{k.method.attribute(), semconv.ServicePeerName(k.name)}
	if k.host == "" {
		return attrs
	}
	u := url.URL{Host: k.host}
	attrs = append(attrs, semconv.ServerAddress(u.Hostname()))
	port, err := strconv.Atoi(u.Port())
	switch {
	case err == nil:
	case k.scheme == "https":
		port = 443
	default:
		port = 80
	}
	return append(attrs, semconv.ServerPort(port))
}

func (k clientKey) histogram() *histogram {
	attrs := k.target()
	if k.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(int(k.status)))
	}
	if k.errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(k.errorType))
	}
	return newHistogram(attrs...)
}

// fold keeps the method and whether it failed.
func (k clientKey) fold() clientKey {
	folded := clientKey{name: other, method: k.method}
	if k.errorType != "" {
		folded.errorType = other
	}
	return folded
}
