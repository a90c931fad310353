package telemetry_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

func TestLoggerKeepsTheRulesOfSlog(t *testing.T) {
	var logged *book
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		t.Helper()
		var tel *telemetry.Telemetry
		tel, logged = open(t, telemetry.Config{})
		return tel.Logger().Handler()
	}, func(*testing.T) map[string]any { return logged.one() })
}

func TestLoggerAddsTheTraceAtTheTop(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Traceparent", parent)
	ctx, e := tel.Begin(r, "GET /", time.Time{})

	log := tel.Logger()
	log.InfoContext(ctx, "plain", "k", 1)
	log.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").ErrorContext(ctx, "grouped", "c", 3)
	log.WithGroup("empty").InfoContext(ctx, "nothing in the group")
	log.Info("no context")
	e.End(telemetry.Summary{Status: 200})

	got := logged.lines()
	assert.Len(t, got, 5)
	span := got[4]["span_id"]
	assert.NotEqual(t, span, any(spanHex), "the server's span is not the caller's")
	for i, l := range got {
		if i == 3 {
			assert.Zero(t, l["trace_id"])
			continue
		}
		assert.Equal(t, l["trace_id"], any(traceHex))
		assert.Equal(t, l["span_id"], span)
	}
	assert.Equal(t, got[1]["a"], any(1.0))
	assert.Equal(t, got[1]["g"], any(map[string]any{"b": 2.0, "h": map[string]any{"c": 3.0}}))
	assert.Zero(t, got[2]["empty"])
}

func TestLoggerLevelMayChange(t *testing.T) {
	tel, logged := open(t, telemetry.Config{Level: slog.LevelWarn})
	tel.Logger().Info("hidden")
	tel.Level().Set(slog.LevelDebug)
	tel.Logger().Debug("shown")
	assert.Equal(t, logged.one()["msg"], any("shown"))
}

func TestLoggerDoesNotTouchTheCallersRecord(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	ctx, _ := tel.Begin(httptest.NewRequest("GET", "/", nil), "", time.Time{})
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "twice", 0)
	r.AddAttrs(slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.Int("d", 4), slog.Int("e", 5), slog.Int("f", 6))
	for range 2 {
		assert.NoError(t, tel.Logger().Handler().Handle(ctx, r))
	}
	assert.Equal(t, r.NumAttrs(), 6)
	for l := range strings.Lines(logged.text()) {
		assert.Equal(t, strings.Count(l, "trace_id"), 1)
	}
}

func TestLoggerWritesUTC(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	at := time.Date(2026, 11, 22, 1, 0, 0, 0, time.FixedZone("CET", 3600))
	assert.NoError(t, tel.Logger().Handler().Handle(context.Background(), slog.NewRecord(at, slog.LevelInfo, "m", 0)))
	assert.Equal(t, logged.one()["time"], any("2026-11-22T00:00:00Z"))
}

// A line is JSON whatever is in it.
func FuzzLogger(f *testing.F) {
	f.Add("msg", "key", "value", "group")
	f.Add("\x00\n\"", "\xff", "\u2028", "")
	f.Fuzz(func(t *testing.T, msg, key, value, group string) {
		tel, logged := open(t, telemetry.Config{})
		ctx, e := tel.Begin(httptest.NewRequest("GET", "/", nil), group, time.Time{})
		tel.Logger().WithGroup(group).InfoContext(ctx, msg, key, value)
		e.End(telemetry.Summary{Status: 200})
		for l := range strings.Lines(logged.text()) {
			if !json.Valid([]byte(l)) {
				t.Fatalf("not JSON: %q", l)
			}
		}
	})
}
