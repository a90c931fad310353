package budget

import (
	"net/http"
	"strings"
	"time"
)

// headerTiming tells a caller where the time went: https://www.w3.org/TR/server-timing/
const headerTiming = "Server-Timing"

// maxMetrics bounds how many metrics of a line are looked at.
const maxMetrics = 32

// timingNames are the metric of each kind. The prover and the callers rely on "app" and "q".
var timingNames = [kinds]string{"q", "body", "dep", "db", "wait", "others"}

// ServerTiming reads what a destination says of an answer: how long it took from the request's arrival to the answer's
// head (app), and how much of that the request stood in the queue (q). ok is false when it says no app, or nothing
// that is well formed. What is looked at is bounded, whatever was sent: 8 lines of at most 1 KiB, 32 metrics each.
func ServerTiming(h http.Header) (app, queue time.Duration, ok bool) {
	lines := h[headerTiming]
	for _, line := range lines[:min(len(lines), maxValues)] {
		if len(line) > 4*maxValue {
			continue
		}
		for range maxMetrics {
			var metric string
			metric, line = cutUnquoted(line, ',')
			name, params := cutUnquoted(metric, ';')
			switch strings.Trim(name, " \t") {
			case "app":
				if d, good := metricDuration(params); good {
					app, ok = max(app, d), true
				}
			case "q":
				if d, good := metricDuration(params); good {
					queue = max(queue, d)
				}
			}
			if line == "" {
				break
			}
		}
	}
	if !ok {
		return 0, 0, false
	}
	return app, queue, true
}

// cutUnquoted cuts around the first sep that does not stand in a quoted string.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// metricDuration is the dur parameter, in ms with decimals.
func metricDuration(params string) (time.Duration, bool) {
	for params != "" {
		var param string
		param, params = cutUnquoted(params, ';')
		key, value, _ := strings.Cut(param, "=")
		if strings.Trim(key, " \t") == "dur" {
			return parseMilliseconds(strings.Trim(value, " \t\""))
		}
	}
	return 0, false
}

// parseMilliseconds reads 1 to 10 digits and up to 9 decimals; no sign, no exponent.
func parseMilliseconds(v string) (time.Duration, bool) {
	digits, decimals, _ := strings.Cut(v, ".")
	d, ok := parseDigits(digits, 10, time.Millisecond)
	if !ok || len(decimals) > 9 {
		return 0, false
	}
	unit := time.Millisecond
	for i := range len(decimals) {
		if !isDigit(decimals[i]) {
			return 0, false
		}
		unit /= 10
		d += time.Duration(decimals[i]-'0') * unit
	}
	return d, true
}

// ServerTiming is the value of the header for an answer whose head is written now: the whole time (app), the queue
// (q), and what is charged so far, attempts aside. On nil it is empty.
func (l *Ledger) ServerTiming(now time.Time) string {
	if l == nil {
		return ""
	}
	var buffer [256]byte
	l.mu.Lock()
	defer l.mu.Unlock()
	to := appendDuration(append(buffer[:0], "app"...), max(0, now.Sub(l.arrival)))
	if b := &l.bill; b.used == 0 || b.page.lines[0].Kind != Queue {
		to = appendDuration(append(to, ", q"...), 0) // it says that it did not wait
	}
	for i := range l.bill.used {
		line := l.bill.page.lines[i] // a copy: the bill goes on
		if line.attempt != whole {
			continue
		}
		if line.Open > 0 && !l.closed {
			line.Wall += max(0, now.Sub(l.arrival)-line.since)
		}
		to = append(append(to, ", "...), timingNames[line.Kind]...)
		if line.Name != "" {
			to = append(to, ";desc=\""...)
			to = line.appendName(to)
			to = append(to, '"')
		}
		to = appendDuration(to, line.Wall)
	}
	return string(to)
}

// appendDuration appends the parameter.
func appendDuration(to []byte, d time.Duration) []byte {
	to = appendMilliseconds(append(to, ";dur="...), d)
	return to[:len(to)-len("ms")]
}

// AddServerTiming adds the header to an answer whose head is written now. Without a ledger nothing is added.
func (l *Ledger) AddServerTiming(h http.Header, now time.Time) {
	if l != nil {
		h[headerTiming] = append(h[headerTiming], l.ServerTiming(now))
	}
}
