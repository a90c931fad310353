package launch

import "time"

// GuardArgument is the hidden first argument that makes a prover a guard.
const GuardArgument = "guard"

// guardVariable is set in a guard, so that a program which does not know of
// GuardArgument cannot start guards without end.
const guardVariable = "PLIMSOLL_GUARD"

// The guard's descriptors besides the service's own output: orders come in on
// the first, which also tells that the prover is gone; reports go out on the second.
const (
	ordersFD  = 3
	reportsFD = 4
)

// order is what the prover tells the guard, a line of JSON each. The first is
// the service to start.
type order struct {
	Program string   `json:"program,omitempty"` // file to run
	Args    []string `json:"args,omitempty"`    // with the command's name first
	Dir     string   `json:"dir,omitempty"`
	Env     []string `json:"env,omitempty"`
	CPUs    []int    `json:"cpus,omitempty"`

	ID     int  `json:"id,omitempty"`     // of an order that is answered
	Signal int  `json:"signal,omitempty"` // to send; 0: none
	Group  bool `json:"group,omitempty"`  // to the whole process group
	End    bool `json:"end,omitempty"`    // kill everything
}

// report is what the guard tells the prover, a line of JSON each.
type report struct {
	Started int    `json:"started,omitempty"` // the service's process id
	Failed  string `json:"failed,omitempty"`  // why it could not be started

	ID    int    `json:"id,omitempty"`    // of the order that is answered
	Error string `json:"error,omitempty"` // why it could not be obeyed

	Exited *exited `json:"exited,omitempty"`
	Ended  bool    `json:"ended,omitempty"` // no process is left
	Left   int     `json:"left,omitempty"`  // processes that were killed after the service had exited

	// Wall is when it happened, in nanoseconds of the wall clock. It is only ever compared with the wall clock at its
	// receipt, to take the report's time on the way off.
	Wall int64 `json:"wall"`
}

// exited is how the service's main process ended.
type exited struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	CPU    int64  `json:"cpu_ns"`
	MaxRSS int64  `json:"max_rss"`
}

// age is how long the report was on its way. A wall clock that was set in the
// meantime does not matter beyond a second.
func (r report) age(now time.Time) time.Duration {
	if age := time.Duration(now.UnixNano() - r.Wall); age > 0 && age < time.Second {
		return age
	}
	return 0
}
