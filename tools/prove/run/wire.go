package run

import "time"

// The attacks that wait for the service to give a connection up.
const (
	SlowHeader = "header"
	SlowBody   = "body"
	Idle       = "idle"
)

// Waits is one round of an attack that waits.
type Waits struct {
	Attack  string        `json:"attack"`
	Round   int           `json:"round"`
	Watched time.Duration `json:"watched_ns"` // how long an open connection was waited for
	Alive   bool          `json:"alive"`      // an ordinary request was answered after the wait
	Conns   []Wait        `json:"conns"`
	Noise   Noise         `json:"noise"`
}

// Wait is one connection that was held. Times count from the first byte of the slow request, or for an idle
// connection from the last byte of the answer before it.
type Wait struct {
	Sent       int64         `json:"sent"`
	Status     int           `json:"status,omitempty"` // of the answer that came, if one did
	Answered   time.Duration `json:"answered_ns,omitempty"`
	Closed     string        `json:"closed,omitempty"` // "FIN", "RST"; "": still open at the end
	After      time.Duration `json:"after_ns,omitempty"`
	Problem    string        `json:"problem,omitempty"` // why the prover could not make this attempt
	Transcript []string      `json:"transcript,omitempty"`
}

// The forms of an oversize body.
const (
	ByLength = "content-length"
	ByChunks = "chunked"
	ByGzip   = "gzip"
)

// Oversize is one body that no service should take.
type Oversize struct {
	Form       string        `json:"form"`
	Round      int           `json:"round"`
	Size       int64         `json:"size"` // of the body once decoded
	Sent       int64         `json:"sent"` // bytes of it that the service let in, as they were on the wire
	Status     int           `json:"status,omitempty"`
	After      time.Duration `json:"after_ns"`
	Closed     string        `json:"closed,omitempty"`
	Problem    string        `json:"problem,omitempty"`
	Before     int64         `json:"memory_before"` // resident bytes of the service's processes
	Peak       int64         `json:"memory_peak"`
	Measured   bool          `json:"memory_measured"`
	Alive      bool          `json:"alive"`
	Transcript []string      `json:"transcript,omitempty"`
}

func (Waits) kind() string    { return "waits" }
func (Oversize) kind() string { return "oversize" }
