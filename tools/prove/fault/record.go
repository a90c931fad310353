package fault

import "time"

// End says how a call ended.
type End uint8

// The ends. Pending is the zero value.
const (
	Pending   End = iota // still under way when the snapshot was taken
	Answered             // the act's bytes were all written: a whole answer, or garbage
	Cancelled            // the caller left first; Departure says how, Ended when
	Broken               // this sink broke it off as scripted: reset or closed
	Severed              // cut by Refuse, Close or the connection limit
	Malformed            // not a request this sink can read; Fault says why
	ends
)

var endNames = [...]string{"pending", "answered", "cancelled", "broken", "severed", "malformed"}

// Ends lists every end.
func Ends() []End {
	all := make([]End, 0, ends)
	for e := range ends {
		all = append(all, e)
	}
	return all
}

// String names the end as it appears in a run file.
func (e End) String() string { return name(endNames[:], uint8(e)) }

// MarshalText writes the end's name.
func (e End) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads a name that MarshalText wrote.
func (e *End) UnmarshalText(text []byte) error {
	i, err := index(endNames[:], "end", string(text))
	*e = End(i)
	return err
}

// Departure says how a caller left.
type Departure uint8

// The departures. Stayed is the zero value.
const (
	Stayed Departure = iota
	FIN              // an orderly close, or a half-close: from here they look the same
	RST              // a reset
)

var departureNames = [...]string{"", "fin", "rst"}

// String names the departure as it appears in a run file; Stayed is "".
func (d Departure) String() string { return name(departureNames[:], uint8(d)) }

// MarshalText writes the departure's name.
func (d Departure) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a name that MarshalText wrote.
func (d *Departure) UnmarshalText(text []byte) error {
	i, err := index(departureNames[:], "departure", string(text))
	*d = Departure(i)
	return err
}

// Carried is what a call brought along that checks look at. A field is empty
// when the header was missing; several of one name are joined by ", ". Values
// are cut at 512 bytes.
type Carried struct {
	Budget         string `json:"plimsoll-budget,omitempty"`
	Class          string `json:"plimsoll-class,omitempty"`
	Attempt        string `json:"plimsoll-attempt,omitempty"`
	GRPCTimeout    string `json:"grpc-timeout,omitempty"`
	RequestTimeout string `json:"x-request-timeout,omitempty"`
	Traceparent    string `json:"traceparent,omitempty"`
	Tracestate     string `json:"tracestate,omitempty"`
	Baggage        string `json:"baggage,omitempty"`
	IdempotencyKey string `json:"idempotency-key,omitempty"`

	// More holds the headers that Config.Keep names, by lower-case name. Nil when there are none.
	More map[string]string `json:"more,omitempty"`
}

// Record is what became of one call. Times are since Config.Epoch; a time that
// never came is 0.
type Record struct {
	ID   int64 `json:"id"`   // order of arrival at the sink, from 1
	Conn int64 `json:"conn"` // order in which the connection was accepted, from 1
	Nth  int   `json:"nth"`  // order on its connection, from 1

	Method  string  `json:"method,omitempty"`
	Path    string  `json:"path,omitempty"` // the target as it was sent, cut at 2 KiB
	Carried Carried `json:"carried"`

	Size int64  `json:"size"`           // bytes of the body, after chunked framing is taken off
	Hash string `json:"hash,omitempty"` // SHA-256 of the body, its first 16 bytes in hex; empty: the body never ended
	Body []byte `json:"body,omitempty"` // the body's first bytes, see Config.BodyBytes

	Act    Act `json:"act"`
	Status int `json:"status,omitempty"` // of the answer; 0: the act gives none

	Arrived time.Duration `json:"arrived"`           // its first byte was read
	Read    time.Duration `json:"read,omitempty"`    // its last byte was read
	Started time.Duration `json:"started,omitempty"` // it got a slot
	Ended   time.Duration `json:"ended,omitempty"`   // its end, as End says: the last byte written, or the departure seen

	End       End       `json:"end"`
	Departure Departure `json:"departure,omitempty"`
	Written   int64     `json:"written,omitempty"` // bytes of the answer, its head included, that the kernel took
	Fault     string    `json:"fault,omitempty"`   // why it is Malformed
}

// Held is how long the sink had the call: from the first byte to its end, and
// to now for one that is pending.
func (r Record) Held(now time.Duration) time.Duration {
	if r.End == Pending {
		return now - r.Arrived
	}
	return r.Ended - r.Arrived
}
