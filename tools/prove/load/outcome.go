package load

import "fmt"

// Outcome is what became of one intended request.
type Outcome uint8

// The outcomes. Those up to Cancelled were sent, or the service kept us from sending them; the rest never left us.
const (
	Unknown     Outcome = iota // not decided; no row of a finished run has it
	OK                         // complete, status 200 to 399
	Shed                       // complete, status 503 or 429; the row's flags say with which marks
	Failed                     // complete, any other status
	Timeout                    // the client's patience ended; Written and First say how far it came
	Refused                    // nobody listens: the connection was refused
	Unreachable                // the connection could not be opened for another reason that is not ours
	Closed                     // the connection ended in order before the first byte of the answer
	Reset                      // it was reset before the first byte of the answer
	Truncated                  // it ended in order inside the answer
	Broken                     // it was reset inside the answer
	Malformed                  // the answer is not HTTP/1.1
	Cancelled                  // the run was cancelled while it was in flight
	Capped                     // unsent: too many requests or connections in flight (Plan.MaxInFlight, Plan.MaxConns)
	Withheld                   // unsent: the gate was closed, or the run was cancelled before it was due
	Local                      // unsent: our machine gave no port, descriptor or memory
	outcomes                   // how many there are
)

var outcomeNames = [outcomes]string{"unknown", "ok", "shed", "failed", "timeout", "refused", "unreachable", "closed",
	"reset", "truncated", "broken", "malformed", "cancelled", "capped", "withheld", "local"}

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText returns String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText is the reverse of MarshalText.
func (o *Outcome) UnmarshalText(b []byte) error {
	for k, name := range outcomeNames {
		if name == string(b) {
			*o = Outcome(k)
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q", b)
}

// Sent reports whether the request was sent, or would have been had the service let us connect.
func (o Outcome) Sent() bool { return o > Unknown && o <= Cancelled }

// Answered reports whether a complete answer arrived.
func (o Outcome) Answered() bool { return o == OK || o == Shed || o == Failed }

// Lost reports whether the service ended the connection on a request that had been handed to it: bytes of it were
// written, there is no complete answer, and it was not us who gave up.
func (o Outcome) Lost() bool {
	return o == Closed || o == Reset || o == Truncated || o == Broken || o == Malformed
}
