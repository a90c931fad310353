package otlp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestReporterLogsBeginReminderAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newReporter("traces", slog.New(slog.NewTextHandler(&log, nil)))
		note := func(err error) { r.note(context.Background(), err) }
		note(nil)
		assert.Equal(t, log.String(), "")
		down := &url.Error{Op: "Post", URL: "http://user:canary@c:4318/v1/traces?key=canary", Err: errors.New("connection refused")}
		for range 150 { // one each second
			note(down)
			time.Sleep(time.Second)
		}
		note(nil)
		note(nil)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		assert.Len(t, lines, 4)
		assert.Contains(t, lines[0], `failures=1 error="Post: connection refused"`)
		assert.Contains(t, lines[1], "failures=61")
		assert.Contains(t, lines[2], "failures=121")
		assert.Contains(t, lines[3], `msg="telemetry export works again" signal=traces failures=150`)
		assert.NotContains(t, log.String(), "canary")
	})
}
