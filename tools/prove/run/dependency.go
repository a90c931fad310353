package run

import "time"

// Hung is one round of requests whose dependency never answers.
type Hung struct {
	Operation string        `json:"operation"`
	Dep       string        `json:"dep"`
	Round     int           `json:"round"`
	Watched   time.Duration `json:"watched_ns"`
	Reached   int           `json:"reached"` // calls that the dependency saw
	Tries     []HungTry     `json:"tries"`
	Noise     Noise         `json:"noise"`
}

// HungTry is one of them. Times count from the last byte of the request.
type HungTry struct {
	Status     int           `json:"status,omitempty"` // 0: no complete answer
	After      time.Duration `json:"after_ns"`         // until the answer was complete, the connection ended, or the watch did
	Closed     string        `json:"closed,omitempty"`
	Problem    string        `json:"problem,omitempty"`
	Transcript []string      `json:"transcript,omitempty"`
}

// Left is one round of clients that leave while their dependency works.
type Left struct {
	Round int       `json:"round"`
	Tries []LeftTry `json:"tries"`
	Noise Noise     `json:"noise"`
}

// LeftTry is one of them.
type LeftTry struct {
	Operation string        `json:"operation"`
	Method    string        `json:"method"`
	How       string        `json:"how"`      // "FIN" or "RST", by the client
	Reached   bool          `json:"reached"`  // the dependency saw the call before the client left
	Ended     bool          `json:"ended"`    // the service gave the call up
	After     time.Duration `json:"after_ns"` // from the client's leaving to that
	Problem   string        `json:"problem,omitempty"`
}

// The faults that health is watched under.
const (
	Refuses = "refuse"
	Hangs   = "hang"
)

// Health is a watch over live and ready while dependencies fail and return. Times count from the start of the watch.
type Health struct {
	Fault   string        `json:"fault"`
	Round   int           `json:"round"`
	Deps    []string      `json:"deps"`
	Soft    bool          `json:"soft"` // every one of them is declared soft
	Failed  time.Duration `json:"failed_ns"`
	Healed  time.Duration `json:"healed_ns"`
	Ended   time.Duration `json:"ended_ns"`
	Live    []Poll        `json:"live,omitempty"`
	Ready   []Poll        `json:"ready,omitempty"`
	Reached bool          `json:"reached"` // the dependency is used: an operation that calls it failed or hung meanwhile
	Noise   Noise         `json:"noise"`
}

// Poll is one look at a health endpoint.
type Poll struct {
	At      time.Duration `json:"at_ns"`
	Took    time.Duration `json:"took_ns"`
	Status  int           `json:"status,omitempty"`
	Problem string        `json:"problem,omitempty"` // no answer, and why
	Body    string        `json:"body,omitempty"`    // its beginning, when the status changed
}

func (Hung) kind() string   { return "hung" }
func (Left) kind() string   { return "left" }
func (Health) kind() string { return "health" }
