package load

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// keepIncidents is how many requests of each outcome are kept with what went over the wire.
const keepIncidents = 5

// Incident is one request with what went over the wire, as evidence and as an example.
type Incident struct {
	Row      int     `json:"row"` // index into Result.Rows
	Outcome  Outcome `json:"outcome"`
	Local    string  `json:"local,omitempty"` // our end of its connection
	Request  string  `json:"request"`         // the first 512 bytes, bytes that do not print as \xNN
	Received string  `json:"received,omitempty"`
	Error    string  `json:"error,omitempty"`
}

// incidents collects the first few of each outcome.
type incidents struct {
	seen [outcomes]atomic.Int32

	mu   sync.Mutex
	list []Incident
}

// enough reports whether no more of an outcome are wanted.
func (l *incidents) enough(o Outcome) bool { return l.seen[o].Load() >= keepIncidents }

func (l *incidents) add(row int, o Outcome, local net.Addr, received []byte, err error) {
	if l.enough(o) || l.seen[o].Add(1) > keepIncidents {
		return
	}
	in := Incident{Row: row, Outcome: o, Received: printable(received)}
	if local != nil {
		in.Local = local.String()
	}
	if err != nil {
		in.Error = err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, in)
}

// printable writes the first 512 bytes of p as a Go string literal without its quotes.
func printable(p []byte) string {
	q := strconv.QuoteToASCII(string(p[:min(len(p), 512)]))
	return q[1 : len(q)-1]
}
