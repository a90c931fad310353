package telemetry

import (
	"encoding/hex"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// Bounds of what a caller can make the access line grow by, in bytes.
const (
	maxPath   = 256
	maxMethod = 32
	maxError  = 2 << 10
	maxStack  = 8 << 10
)

// lines keeps access lines for reuse. One that a stack made large is let go.
type lines struct{ pool sync.Pool }

func (p *lines) get() *line {
	if l, ok := p.pool.Get().(*line); ok {
		return l
	}
	return &line{b: make([]byte, 0, 512)}
}

func (p *lines) put(l *line) {
	if cap(l.b) <= 4<<10 {
		p.pool.Put(l)
	}
}

// accessLevel is where the line of an exchange belongs: an error is what the
// service did wrong, never what its caller did.
func accessLevel(s *Summary) slog.Level {
	if s.Status >= 500 || s.Outcome.failed() {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// logAccess writes the one line of an exchange.
func (t *Telemetry) logAccess(e *Exchange, s *Summary, bill *budget.Bill, path string, now time.Time) {
	level := accessLevel(s)
	if level < t.level.Level() {
		return
	}
	l := t.lines.get()
	defer t.lines.put(l)
	l.begin(now, level, "request")
	l.string("method", clip(e.method, maxMethod))
	l.string("route", path)
	l.string("path", clip(e.path, maxPath))
	l.int("status", int64(s.Status))
	l.milliseconds("duration_ms", s.Duration)
	l.bill(bill)
	l.int("bytes", s.Bytes)
	if s.Class != route.Unset {
		l.string("class", s.Class.String())
	}
	l.string("outcome", s.Outcome.String())
	if e.client.IsValid() {
		l.key("client")
		l.b = append(l.b, '"')
		l.b = e.client.AppendTo(l.b)
		l.b = append(l.b, '"')
	}
	l.ids(e)
	if s.Err != nil {
		l.string("error", clip(scrub(s.Err.Error()), maxError))
	}
	if len(s.Stack) > 0 {
		l.string("stack", clip(string(s.Stack), maxStack))
	}
	t.sink.write(l.end(), false)
}

// bill is one field of text: a group would be longer, and a column for every dependency in whatever stores the logs.
func (l *line) bill(b *budget.Bill) {
	l.key("bill")
	l.b = append(l.b, '"')
	l.b, _ = b.AppendText(l.b) // it has no error, and nothing that JSON would escape
	l.b = append(l.b, '"')
}

func (l *line) ids(e *Exchange) {
	traceID, spanID := e.sc.TraceID(), e.sc.SpanID()
	l.key(keyTraceID)
	l.b = append(l.b, '"')
	l.b = hex.AppendEncode(l.b, traceID[:])
	l.b = append(l.b, '"')
	l.key(keySpanID)
	l.b = append(l.b, '"')
	l.b = hex.AppendEncode(l.b, spanID[:])
	l.b = append(l.b, '"')
}

// clip cuts s to at most limit bytes between two characters, and shows that it
// did.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
