package budget

// Outcome is how a request under Enforce ended.
type Outcome uint8

// The outcomes. All but Finished mean that the handler's own answer, if any, is not what the client has in full.
const (
	Finished Outcome = iota // the handler returned; the answer is its own
	Answered                // the budget was spent before anything was written: the client has a complete 504
	Cut                     // the budget was spent in the middle of the answer
	Gone                    // the client left, or the server gave the request up
	Panicked                // the handler panicked before anything was written: the client has a complete 500
	Aborted                 // the handler panicked in the middle of the answer, or with http.ErrAbortHandler
	outcomes
)

var outcomeNames = [outcomes]string{"finished", "answered", "cut", "gone", "panicked", "aborted"}

// String names the outcome for logs and metrics.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// Aborts says whether the caller of Enforce must end the exchange with panic(http.ErrAbortHandler). Returning instead
// would let net/http complete the answer, and a half answer, or none, would look like a whole one.
func (o Outcome) Aborts() bool { return o == Cut || o == Gone || o == Aborted }
