package fault

import (
	"fmt"
	"net/http"
	"time"
)

// Act is what a sink does with a call.
type Act uint8

// The acts. ActAnswer is the zero value.
const (
	ActAnswer       Act = iota // a complete answer
	ActHang                    // nothing at all, until the caller leaves or Release
	ActTrickle                 // a complete answer, at Rate bytes a second
	ActHangMidBody             // the head and half the body, then nothing until the caller leaves or Release
	ActResetBefore             // a TCP reset before the first byte
	ActResetMidBody            // the head and half the body, then a TCP reset
	ActCloseBefore             // an orderly close before the first byte
	ActGarbage                 // bytes that are not HTTP, then an orderly close
	acts
)

var actNames = [...]string{
	"answer", "hang", "trickle", "hang-mid-body", "reset-before", "reset-mid-body", "close-before", "garbage",
}

// Acts lists every act.
func Acts() []Act {
	all := make([]Act, 0, acts)
	for a := range acts {
		all = append(all, a)
	}
	return all
}

// String names the act as it appears in a run file.
func (a Act) String() string { return name(actNames[:], uint8(a)) }

// MarshalText writes the act's name.
func (a Act) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name that MarshalText wrote.
func (a *Act) UnmarshalText(text []byte) error {
	i, err := index(actNames[:], "act", string(text))
	*a = Act(i)
	return err
}

// Behaviour is what a sink does with one call. The zero value answers 200 with
// a small JSON object.
//
// Acts that answer, wholly or in part, first take a slot for the sink's service
// time. The others take none: a call that hangs does not use capacity up, so
// that a fault and a shortage stay two experiments.
type Behaviour struct {
	// Act is what is done. Zero: ActAnswer.
	Act Act

	// Status of the answer. 0: 200.
	Status int

	// Body is a template, see Expand. Empty: {"id":"{{n}}","status":"succeeded"} for a status below 400,
	// {"error":"<status text>"} above.
	Body string

	// ContentType of the body. Empty: application/json.
	ContentType string

	// Header is added to the answer: Retry-After, say. Nil: nothing. It is read while calls are served, so it must not
	// be changed once the behaviour is in use.
	Header http.Header

	// Size pads the body with spaces to this many bytes. Less than the body's length: no padding.
	Size int64

	// Delay is waited before the act and outside any slot, as a slow network would. 0: none.
	Delay time.Duration

	// Rate is how many bytes a second ActTrickle writes. 0: 1024.
	Rate int
}

// Answer gives a complete answer. See Behaviour for what an empty body means.
func Answer(status int, body string) Behaviour { return Behaviour{Status: status, Body: body} }

// Status gives a complete answer with the default body for the status.
func Status(status int) Behaviour { return Behaviour{Status: status} }

// Delay answers 200 later by d, without using capacity up.
func Delay(d time.Duration) Behaviour { return Behaviour{Delay: d} }

// Hang says nothing until the caller leaves, or until Sink.Release, when it answers 200.
func Hang() Behaviour { return Behaviour{Act: ActHang} }

// HangMidBody stops half-way through the body until the caller leaves, or until Sink.Release, when it writes the rest.
func HangMidBody() Behaviour { return Behaviour{Act: ActHangMidBody} }

// Trickle answers 200 at so many bytes a second, the head included. 0 means 1024.
func Trickle(bytesPerSecond int) Behaviour { return Behaviour{Act: ActTrickle, Rate: bytesPerSecond} }

// ResetBefore resets the connection instead of answering.
func ResetBefore() Behaviour { return Behaviour{Act: ActResetBefore} }

// ResetMidBody resets the connection half-way through the body.
func ResetMidBody() Behaviour { return Behaviour{Act: ActResetMidBody} }

// CloseBefore closes the connection in an orderly way instead of answering.
func CloseBefore() Behaviour { return Behaviour{Act: ActCloseBefore} }

// Garbage answers with bytes that are not HTTP.
func Garbage() Behaviour { return Behaviour{Act: ActGarbage} }

// status is the status of the answer with the default filled in.
func (b Behaviour) status() int {
	if b.Status == 0 {
		return http.StatusOK
	}
	return b.Status
}

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "unknown"
}

func index(names []string, what, text string) (int, error) {
	for i, n := range names {
		if n == text {
			return i, nil
		}
	}
	return 0, fmt.Errorf("fault: %q is no %s; known are %q", text, what, names)
}
