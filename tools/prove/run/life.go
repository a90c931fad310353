package run

import "time"

// Drain is one SIGTERM under load. Times count from the signal; those before it are negative.
type Drain struct {
	Round       int           `json:"round"`
	Operation   string        `json:"operation"`
	Connections int           `json:"connections"`
	Rate        float64       `json:"rate"`
	Answered    int           `json:"answered"` // complete answers, all along
	Exposed     int           `json:"exposed"`  // requests under way at the signal or written after it
	Failed      int           `json:"failed"`   // of the exposed: answered, but with 5xx
	Lost        []Lost        `json:"lost,omitempty"`
	LostCount   int           `json:"lost_count"`
	LostSoon    int           `json:"lost_soon"` // of them, before any router could have known
	Refused     int           `json:"refused"`   // fresh connections refused while the router still sent
	RefusedSoon int           `json:"refused_soon"`
	Unclear     int           `json:"unclear"`      // requests whose fate the prover could not tell
	ReadyOff    time.Duration `json:"ready_off_ns"` // first readiness answer that is not 200; NoTime: none
	Stopped     time.Duration `json:"stopped_ns"`   // the router sent nothing after this
	Gap         time.Duration `json:"gap_ns"`       // the longest time from one look of the router at readiness to the next
	Closed      time.Duration `json:"closed_ns"`    // first refused connection to the listener; NoTime: none
	ReadySaid   int           `json:"ready_said"`   // status of the first readiness answer that is not 200; 0: no answer
	Exited      bool          `json:"exited"`
	Exit        time.Duration `json:"exit_ns"`
	Code        int           `json:"code"` // exit code; -1: ended by a signal
	Ready       []Poll        `json:"ready,omitempty"`
	Noise       Noise         `json:"noise"`
	Output      []string      `json:"output,omitempty"` // last lines of the process
}

// NoTime is a time that never came.
const NoTime = time.Duration(-1 << 62)

// Lost is a request that was written and never completely answered.
type Lost struct {
	At         time.Duration `json:"at_ns"`           // when its bytes were written
	Local      string        `json:"local,omitempty"` // our end of its connection
	How        string        `json:"how"`             // what ended it
	Transcript []string      `json:"transcript,omitempty"`
}

// The ways in which an environment is broken.
const (
	Missing   = "missing"
	Malformed = "malformed"
)

// Config is one start with a broken environment.
type Config struct {
	Case     string        `json:"case"`
	Variable string        `json:"variable"`
	Value    string        `json:"value,omitempty"` // of a malformed one
	Exited   bool          `json:"exited"`
	Code     int           `json:"code"`
	After    time.Duration `json:"after_ns"`
	Named    bool          `json:"named"` // its output contains the variable's name
	Listened []string      `json:"listened,omitempty"`
	Watched  time.Duration `json:"watched_ns"`
	Output   []string      `json:"output,omitempty"`
	Problem  string        `json:"problem,omitempty"`
	Noise    Noise         `json:"noise"`
}

func (Drain) kind() string  { return "drain" }
func (Config) kind() string { return "config" }
