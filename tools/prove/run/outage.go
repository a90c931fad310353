package run

import (
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// The faults of an outage, besides Refuses and Hangs.
const (
	Says500 = "answers 500"
	Says503 = "answers 503"
	Resets  = "reset"
	Flaps   = "flap"
)

// Outage is ordinary traffic before, during and after a fault of the dependencies. Times count from the start of the run.
type Outage struct {
	Fault   string          `json:"fault"`
	Round   int             `json:"round"`
	Began   time.Duration   `json:"began_ns"`  // the traffic
	Failed  time.Duration   `json:"failed_ns"` // the dependencies
	Healed  time.Duration   `json:"healed_ns"` // for the last time, when they came and went
	Ended   time.Duration   `json:"ended_ns"`  // the traffic
	Streams []Stream        `json:"streams"`
	Calls   []time.Duration `json:"calls_ns"`          // when calls arrived at the dependencies
	Aside   int             `json:"aside"`             // calls that are left out: they are made without a request too, as probes are
	Refused int             `json:"refused,omitempty"` // connections that the machine refused while the dependencies did; -1: not known
	Sample  []string        `json:"sample,omitempty"`  // calls of one request, in lines: the one that was made most often
	Before  Noise           `json:"noise_before"`
	During  Noise           `json:"noise_during"`
	After   Noise           `json:"noise_after"`
}

// Stream is the requests of one operation, at an even rate.
type Stream struct {
	Operation string        `json:"operation"`
	Needs     bool          `json:"needs"` // its requests were seen to call a dependency that fails
	Rate      float64       `json:"rate"`
	At        time.Duration `json:"at_ns"` // the rows count from here
	Result    load.Result   `json:"result"`
}

// Due returns the requests of a stream that were due in a span of the run; none in one that ends before it begins.
func (s Stream) Due(from, until time.Duration) []load.Row {
	return s.Result.Window(from-s.At, max(from, until)-s.At).Rows
}

// Budgets is one round of requests whose caller says how long it waits.
type Budgets struct {
	Round int         `json:"round"`
	Tries []BudgetTry `json:"tries"`
	Noise Noise       `json:"noise"`
}

// What the dependency does in a BudgetTry.
const (
	Well    = "answers"      // at once
	Again   = "refuses once" // the first call, a while later and as not executed; the next is answered
	Silence = "hangs"
	Refusal = "refuses" // every call, at once and as not executed
)

// BudgetTry is one request and what came of it at the dependencies.
type BudgetTry struct {
	Operation string        `json:"operation"`
	Dep       string        `json:"dep"` // what the dependency did
	Given     time.Duration `json:"given_ns"`
	Status    int           `json:"status,omitempty"`
	Calls     []BudgetCall  `json:"calls,omitempty"`
	Problem   string        `json:"problem,omitempty"`
}

// BudgetCall is one call of a dependency. After counts from when the request was sent.
type BudgetCall struct {
	After  time.Duration `json:"after_ns"`
	Method string        `json:"method"`
	Path   string        `json:"path"`
	Header string        `json:"header,omitempty"` // the name of the header that said the budget; "": none did
	Left   time.Duration `json:"left_ns"`          // what it said
}

// Repeats is one round of writes whose outcome the service can't know.
type Repeats struct {
	Operation string        `json:"operation"`
	Round     int           `json:"round"`
	Normal    RepeatCounts  `json:"normal"` // calls of one request while all is well
	Modes     []RepeatsMode `json:"modes"`
}

// RepeatCounts counts calls that are not safe to repeat by their method: POST and PATCH.
type RepeatCounts struct {
	Bare  int `json:"bare"`  // without an Idempotency-Key
	Keyed int `json:"keyed"` // different keys
	Calls int `json:"calls"` // all of them
}

// RepeatsMode is some requests, while the dependency executes and then does not say so.
type RepeatsMode struct {
	Dep      string       `json:"dep"`
	Executed bool         `json:"executed"` // false: the dependency says that it was not
	Requests int          `json:"requests"`
	Seen     RepeatCounts `json:"seen"`
	NewKeys  int          `json:"new_keys"`        // calls that repeat another's content under another key
	Lines    []string     `json:"lines,omitempty"` // the calls, when there were more than there should be
	Problem  string       `json:"problem,omitempty"`
}

// Stale is one round of requests after the dependency ended the connections that the service keeps.
type Stale struct {
	Operation  string       `json:"operation"`
	Round      int          `json:"round"`
	Repeatable bool         `json:"repeatable"` // its calls may be repeated: by their method, or by a key
	Spells     []StaleSpell `json:"spells"`
	Noise      Noise        `json:"noise"`
}

// StaleSpell is one way of ending connections, and requests at once and once more after it.
type StaleSpell struct {
	How      string      `json:"how"`
	Kept     int         `json:"kept"`     // connections that were open before
	Requests int         `json:"requests"` // of each pass
	First    map[int]int `json:"first"`    // answers by status; 0: none
	Second   map[int]int `json:"second"`
	Repeated int         `json:"repeated"` // calls without a key, POST or PATCH, above one for each request
	Problem  string      `json:"problem,omitempty"`
}

func (Outage) kind() string  { return "outage" }
func (Budgets) kind() string { return "budgets" }
func (Repeats) kind() string { return "repeats" }
func (Stale) kind() string   { return "stale" }
