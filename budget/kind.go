package budget

// Kind says what a request's time was spent on.
type Kind uint8

// The kinds of a bill's lines. What none of them covers is the request's own work.
const (
	Queue      Kind = iota // waiting for admission
	Body                   // reading the request's body
	Dependency             // a call, with all its attempts and the pauses between them
	Database               // a statement or a transaction, with the wait for a connection
	Wait                   // anything else that is waited for: a lock, a file, a job
	Others                 // whatever found no line of its own any more
	kinds
)

var kindNames = [kinds]string{"queue", "body", "dependency", "database", "wait", "others"}

// String names the kind in logs and metrics.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// MarshalText is String, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
