package telemetry

// Outcome is how a request ended.
type Outcome uint8

// The outcomes of a request.
const (
	Finished   Outcome = iota // the handler answered
	Deadline                  // the deadline passed and 504 was answered in the handler's place
	Cut                       // the answer had begun and was broken off
	ClientGone                // the caller left before its answer was complete
	Panicked                  // the handler panicked
)

var outcomeNames = [...]string{"finished", "deadline", "cut", "client_gone", "panicked"}

// String is the outcome as logs and the error.type attribute of metrics have it.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown"
}

// failed tells whether the service is at fault, whatever the status.
func (o Outcome) failed() bool { return o == Deadline || o == Cut || o == Panicked }
