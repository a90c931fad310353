package telemetry

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// The keys that tie a log record to its trace.
const (
	keyTraceID = "trace_id"
	keySpanID  = "span_id"
)

// handler is slog's JSON handler with the trace of the record's context at the
// top level of every record, whatever groups are open. Times are in UTC.
type handler struct {
	plain, urgent slog.Handler // the same, for records below and from slog.LevelWarn
	groups        []group      // opened by WithGroup, outermost first
}

// group is an open group and the attributes given since it was opened.
type group struct {
	name  string
	attrs []slog.Attr
}

func newHandler(s *sink, level slog.Leveler) *handler {
	opts := &slog.HandlerOptions{Level: level}
	return &handler{
		plain:  slog.NewJSONHandler(sinkWriter{sink: s}, opts),
		urgent: slog.NewJSONHandler(sinkWriter{sink: s, urgent: true}, opts),
	}
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.plain.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if len(h.groups) > 0 {
		r = h.nest(r)
	} else if sc.IsValid() {
		r = r.Clone() // the caller's record keeps its attributes
	}
	if sc.IsValid() {
		r.AddAttrs(
			slog.String(keyTraceID, sc.TraceID().String()),
			slog.String(keySpanID, sc.SpanID().String()),
		)
	}
	if !r.Time.IsZero() {
		r.Time = r.Time.UTC()
	}
	if r.Level >= slog.LevelWarn {
		return h.urgent.Handle(ctx, r)
	}
	return h.plain.Handle(ctx, r)
}

// nest moves the record's attributes into the open groups.
func (h *handler) nest(r slog.Record) slog.Record {
	inner := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		inner = append(inner, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		inner = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, inner)...)}}
	}
	nested := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	nested.AddAttrs(inner...)
	return nested
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if n := len(h.groups); n > 0 {
		groups := slices.Clone(h.groups)
		groups[n-1].attrs = slices.Concat(groups[n-1].attrs, attrs)
		return &handler{plain: h.plain, urgent: h.urgent, groups: groups}
	}
	return &handler{plain: h.plain.WithAttrs(attrs), urgent: h.urgent.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	groups := append(slices.Clone(h.groups), group{name: name})
	return &handler{plain: h.plain, urgent: h.urgent, groups: groups}
}
