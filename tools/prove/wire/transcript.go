package wire

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	keepEvents = 200     // events of a transcript; a drip of one byte a second is one event
	keepText   = 4 << 10 // bytes of payload kept in each direction
)

// Event is one step of a conversation. Consecutive pieces in one direction are one event.
type Event struct {
	At     time.Duration `json:"at_ns"`              // since the origin
	Until  time.Duration `json:"until_ns,omitempty"` // when the last piece of several went; 0 if there was one
	Kind   string        `json:"kind"`               // dial, sent, received, close or note
	Bytes  int64         `json:"bytes,omitempty"`    // of payload
	Pieces int           `json:"pieces,omitempty"`   // writes or reads, if more than one
	Text   string        `json:"text,omitempty"`     // the payload as far as it is kept, bytes that do not print as \xNN; or the note
}

// Transcript is what was sent and received on one connection, in order, as evidence. It is bounded: it keeps the first
// 4 KiB of payload in each direction, the number of all bytes, and the first 200 events. The zero value is empty and
// ready; all methods may be called at once from several goroutines.
type Transcript struct {
	mu     sync.Mutex
	events []Event
	kept   [2]int // payload bytes kept: sent, received
	cut    int    // events left out
}

// Events returns a copy of the events so far.
func (t *Transcript) Events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	events := append([]Event(nil), t.events...)
	if t.cut > 0 {
		events = append(events, Event{Kind: "note", At: events[len(events)-1].At, Text: fmt.Sprintf("%d more events", t.cut)})
	}
	return events
}

// String returns one line per event, as a person reads it.
func (t *Transcript) String() string { return Format(t.Events()) }

// Format returns one line per event, as a person reads it.
func Format(events []Event) string {
	var s strings.Builder
	for _, e := range events {
		fmt.Fprintf(&s, "%9.3f s  %-8s", e.At.Seconds(), e.Kind)
		if e.Bytes > 0 {
			fmt.Fprintf(&s, " %d bytes", e.Bytes)
		}
		if e.Pieces > 1 {
			fmt.Fprintf(&s, " in %d pieces until %.3f s", e.Pieces, e.Until.Seconds())
		}
		if e.Text != "" {
			s.WriteString("  " + e.Text)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

func (t *Transcript) note(at time.Duration, kind, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addLocked(Event{At: at, Kind: kind, Text: text})
}

func (t *Transcript) sent(at time.Duration, p []byte)     { t.payload(at, "sent", 0, p) }
func (t *Transcript) received(at time.Duration, p []byte) { t.payload(at, "received", 1, p) }

func (t *Transcript) payload(at time.Duration, kind string, direction int, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	size := int64(len(p))
	if room := keepText - t.kept[direction]; len(p) > room {
		p = p[:room]
	}
	t.kept[direction] += len(p)
	if n := len(t.events); n > 0 && t.cut == 0 && t.events[n-1].Kind == kind {
		last := &t.events[n-1]
		last.Until, last.Bytes, last.Pieces = at, last.Bytes+size, max(last.Pieces, 1)+1
		last.Text += printable(p)
		return
	}
	t.addLocked(Event{At: at, Kind: kind, Bytes: size, Text: printable(p)})
}

func (t *Transcript) addLocked(e Event) {
	if len(t.events) >= keepEvents && e.Kind != "close" {
		t.cut++
		return
	}
	t.events = append(t.events, e)
}

// longRun is how often a byte must be repeated to be written once with a count.
const longRun = 32

// printable writes p as a Go string literal without its quotes, so that a transcript survives JSON, a terminal and HTML.
// A byte that is repeated at least 32 times is written once, with a count: a[x4096].
func printable(p []byte) string {
	var s strings.Builder
	plain := func(p []byte) {
		q := strconv.QuoteToASCII(string(p))
		s.WriteString(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`))
	}
	from := 0
	for i := 0; i < len(p); {
		j := i + 1
		for j < len(p) && p[j] == p[i] {
			j++
		}
		if j-i >= longRun {
			plain(p[from : i+1])
			fmt.Fprintf(&s, "[x%d]", j-i)
			from = j
		}
		i = j
	}
	plain(p[from:])
	return s.String()
}
