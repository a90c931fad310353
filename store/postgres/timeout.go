package postgres

import (
	"encoding/binary"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// steps are the values of a decade that statement_timeout takes, in the units of
// the smallest: the preferred numbers R10 of ISO 3, whole. A timeout is therefore
// at most 26 % longer than what is left (33 % below 20 ms), and a connection keeps
// the one that it has for most statements.
var steps = [...]int64{10, 13, 16, 20, 25, 32, 40, 50, 63, 80}

// longest is the largest step; PostgreSQL takes up to 24 days.
const longest = 80 * time.Hour / 10

// step is the shortest timeout that is not shorter than left, from 10 ms on.
func step(left time.Duration) time.Duration {
	if left >= longest {
		return longest
	}
	for scale := time.Millisecond; ; scale *= 10 {
		for _, s := range steps {
			if d := time.Duration(s) * scale; d >= left {
				return min(d, longest)
			}
		}
	}
}

// ahead puts a statement in front of what the driver sends next, and takes the
// answer to it out of what the driver receives, so that setting a timeout costs
// no round trip. It stands between the driver's protocol and its socket, above
// TLS; both directions are used by one goroutine at a time.
//
// What is sent must begin with the connection idle: then the statement is a
// transaction of its own, which no rollback undoes.
type ahead struct {
	from io.Reader
	to   io.Writer

	next     []byte // to be sent first; empty: nothing
	expected bool   // the answer is still to come
	refused  bool   // the server did not take the last statement

	raw  []byte // received, not yet looked at
	kept []byte // received, for the driver
}

// send has the statement sent in front of what comes next.
func (a *ahead) send(statement string) {
	message, err := (&pgproto3.Query{String: statement}).Encode(a.next[:0])
	if err != nil { // only a statement of 2 GB has one
		return
	}
	a.next, a.refused = message, false
}

// setTimeout is the statement for a timeout; 0 is what the server had set.
func setTimeout(d time.Duration) string {
	if d == 0 {
		return "SET statement_timeout TO DEFAULT"
	}
	return "SET statement_timeout TO " + strconv.FormatInt(d.Milliseconds(), 10)
}

// maxKept is the largest buffer that is kept for the next time.
const maxKept = 4 << 10

// Write implements io.Writer.
func (a *ahead) Write(p []byte) (int, error) {
	if len(a.next) == 0 {
		return a.to.Write(p)
	}
	first := len(a.next)
	message := append(a.next, p...)
	if a.next, a.expected = nil, true; cap(message) <= maxKept {
		a.next = message[:0]
	}
	n, err := a.to.Write(message)
	return max(0, n-first), err
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for a.expected && len(a.kept) == 0 {
		if a.look() {
			continue
		}
		n, err := a.from.Read(p)
		a.raw = append(a.raw, p[:n]...)
		if err != nil {
			return 0, err
		}
	}
	if len(a.kept) == 0 {
		return a.from.Read(p)
	}
	n := copy(p, a.kept)
	a.kept = a.kept[n:]
	return n, nil
}

// header is a message's type and length. The length counts itself, not the type.
const header = 5

// look takes one message of the answer. What the server says of its own accord
// is the driver's; so is everything after the answer.
func (a *ahead) look() bool {
	if len(a.raw) < header {
		return false
	}
	size := 1 + int(binary.BigEndian.Uint32(a.raw[1:]))
	if size < header {
		a.expected = false // not the protocol: the driver will say so
	} else if len(a.raw) < size {
		return false
	} else {
		switch a.raw[0] {
		case 'C': // CommandComplete
		case 'E': // ErrorResponse
			a.refused = true
		case 'Z': // ReadyForQuery
			a.expected = false
		default: // NoticeResponse, ParameterStatus, NotificationResponse
			a.kept = append(a.kept, a.raw[:size]...)
		}
		a.raw = a.raw[size:]
	}
	if !a.expected {
		a.kept, a.raw = append(a.kept, a.raw...), a.raw[:0]
	}
	return true
}
