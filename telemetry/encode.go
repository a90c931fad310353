package telemetry

import (
	"log/slog"
	"strconv"
	"time"
	"unicode/utf8"
)

// line builds one JSON log line in the layout of slog.JSONHandler. It exists
// because an access line is written for every request, and slog takes some four
// times as long and 6 allocations for one (BenchmarkAccessLine).
type line struct{ b []byte }

func (l *line) begin(at time.Time, level slog.Level, msg string) {
	l.b = append(l.b[:0], `{"time":"`...)
	l.b = at.UTC().AppendFormat(l.b, time.RFC3339Nano)
	l.b = append(l.b, `","level":"`...)
	l.b = append(l.b, level.String()...)
	l.b = append(l.b, `","msg":`...)
	l.b = appendString(l.b, msg)
}

// end closes the line. The bytes are valid until the next begin.
func (l *line) end() []byte {
	l.b = append(l.b, '}', '\n')
	return l.b
}

// key takes a name that needs no escaping.
func (l *line) key(name string) {
	l.b = append(l.b, ',', '"')
	l.b = append(l.b, name...)
	l.b = append(l.b, '"', ':')
}

func (l *line) string(name, value string) {
	l.key(name)
	l.b = appendString(l.b, value)
}

func (l *line) int(name string, value int64) {
	l.key(name)
	l.b = strconv.AppendInt(l.b, value, 10)
}

func (l *line) uint(name string, value uint64) {
	l.key(name)
	l.b = strconv.AppendUint(l.b, value, 10)
}

// milliseconds writes d in ms with microseconds as decimals, cut, not rounded.
func (l *line) milliseconds(name string, d time.Duration) {
	l.key(name)
	us := max(d, 0).Microseconds()
	l.b = strconv.AppendInt(l.b, us/1000, 10)
	if us %= 1000; us > 0 {
		l.b = append(l.b, '.', byte('0'+us/100), byte('0'+us/10%10), byte('0'+us%10))
	}
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string that decodes to what encoding/json's
// would: bytes that are not UTF-8 become U+FFFD, control characters and the
// line separators U+2028 and U+2029 are escaped.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, s[start:i]...)
			b = append(b, `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			b = append(b, s[start:i]...)
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendEscape escapes a quote, a backslash or a control character.
func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
