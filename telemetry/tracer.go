package telemetry

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// tracerProvider makes SDK spans while something exports them. Otherwise its
// spans are only ids: a trace keeps its id and its sampled flag through a
// service that exports nothing.
type tracerProvider struct {
	embedded.TracerProvider
	sdk     *sdktrace.TracerProvider
	sampler sdktrace.Sampler // nil: parentbased_always_on
	active  atomic.Bool
}

func newTracerProvider(res *resource.Resource, sampler sdktrace.Sampler) *tracerProvider {
	forSDK := sampler
	if forSDK == nil {
		forSDK = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	return &tracerProvider{
		sdk:     sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSampler(forSDK)),
		sampler: sampler,
	}
}

// Tracer implements trace.TracerProvider.
func (p *tracerProvider) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return &tracer{provider: p, sdk: p.sdk.Tracer(name, opts...)}
}

type tracer struct {
	embedded.Tracer
	provider *tracerProvider
	sdk      trace.Tracer
}

// Start implements trace.Tracer. While nothing exports, a span inside a trace
// is that trace's current span, and one outside of any is new ids.
func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if t.provider.active.Load() {
		return t.sdk.Start(ctx, name, opts...)
	}
	config := trace.NewSpanStartConfig(opts...)
	if span := trace.SpanFromContext(ctx); span.SpanContext().IsValid() && !config.NewRoot() {
		return noop.Tracer{}.Start(ctx, name)
	}
	span := &passiveSpan{
		provider: t.provider,
		sc:       t.provider.decide(ctx, trace.SpanContext{}, name, config.SpanKind()),
	}
	return trace.ContextWithSpan(ctx, span), span
}

// decide makes the span context of a new span under parent, which may be
// invalid: then it is the root of a new trace. The sampler is asked although
// nothing is recorded here, because what calls and is called may record.
func (p *tracerProvider) decide(ctx context.Context, parent trace.SpanContext, name string, kind trace.SpanKind) trace.SpanContext {
	next := trace.SpanContextConfig{TraceID: parent.TraceID(), SpanID: newSpanID()}
	if !parent.IsValid() {
		next.TraceID = newTraceID()
	}
	if p.sampler == nil { // parentbased_always_on, decided without the SDK's allocations
		next.TraceFlags, next.TraceState = parent.TraceFlags(), parent.TraceState()
		if !parent.IsValid() {
			next.TraceFlags = trace.FlagsSampled
		}
		return trace.NewSpanContext(next)
	}
	result := p.sampler.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: trace.ContextWithSpanContext(ctx, parent),
		TraceID:       next.TraceID,
		Name:          name,
		Kind:          kind,
	})
	next.TraceState = result.Tracestate
	next.TraceFlags = parent.TraceFlags().WithSampled(result.Decision == sdktrace.RecordAndSample)
	return trace.NewSpanContext(next)
}

// passiveSpan is a span that is only its ids.
type passiveSpan struct {
	noop.Span
	provider *tracerProvider
	sc       trace.SpanContext
}

// SpanContext implements trace.Span.
func (s *passiveSpan) SpanContext() trace.SpanContext { return s.sc }

// TracerProvider implements trace.Span.
func (s *passiveSpan) TracerProvider() trace.TracerProvider { return s.provider }
