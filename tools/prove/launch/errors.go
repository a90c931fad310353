package launch

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// ErrNotAvailable is returned by what this operating system does not offer.
var ErrNotAvailable = errors.New("not available on this operating system; Linux is needed")

// ErrExited is returned when there is no process to signal any more.
var ErrExited = errors.New("the service has exited")

// StartError says that the command could not be started at all.
type StartError struct {
	Command []string
	Err     error
}

// Error names the command and the reason, with a hint.
func (e *StartError) Error() string {
	return fmt.Sprintf("start %s: %v; check the command and the directory it is run in", strings.Join(e.Command, " "), e.Err)
}

// Unwrap is the reason.
func (e *StartError) Unwrap() error { return e.Err }

// BuildError says that the build command ended, but not well.
type BuildError struct {
	Command []string
	Exit    Exit
	Tail    []Line // the last lines of its output
}

// Error names the command, how it ended, and its last lines.
func (e *BuildError) Error() string {
	return fmt.Sprintf("build %s: %v%s", strings.Join(e.Command, " "), e.Exit, quote(e.Tail))
}

// ExitedError says that the service ended before it was ready.
type ExitedError struct {
	Exit Exit
	Tail []Line // the last lines of its output
}

// Error says how it ended, with its last lines.
func (e *ExitedError) Error() string {
	return fmt.Sprintf("the service ended before it was ready: %v%s", e.Exit, quote(e.Tail))
}

// NotReadyError says that the service runs, but was not ready in time.
type NotReadyError struct {
	Probe     Probe
	Last      string           // what the last probe saw
	Listening []netip.AddrPort // where the service does listen; nil when it is not known
	Tail      []Line           // the last lines of its output
}

// Error says what was waited for and what was seen instead, with a hint.
func (e *NotReadyError) Error() string {
	what := "connection to " + e.Probe.Addr
	if e.Probe.Path != "" {
		what = fmt.Sprintf("200 from http://%s%s", e.Probe.Addr, e.Probe.Path)
	}
	hint := ""
	if len(e.Listening) > 0 {
		hint = fmt.Sprintf("; it listens on %v: is the port or the path another?", e.Listening)
	}
	return fmt.Sprintf("the service never became ready: no %s within %v, last: %s%s%s",
		what, e.Probe.within(), e.Last, hint, quote(e.Tail))
}

// PortInUseError says that someone else has the service's port.
type PortInUseError struct {
	Port  int    // 0: not known, see Line
	Owner string // "pid 4711 (node)"; empty: not known
	Line  string // the service's own words; empty: it was found before the service was started
}

// Error names the port and who has it, with a hint.
func (e *PortInUseError) Error() string {
	what := "a port of the service"
	if e.Port != 0 {
		what = fmt.Sprintf("port %d", e.Port)
	}
	owner := ""
	if e.Owner != "" {
		owner = " by " + e.Owner
	}
	said := ""
	if e.Line != "" {
		said = fmt.Sprintf(" (it said: %q)", e.Line)
	}
	return fmt.Sprintf("%s is in use%s%s; end what uses it or give the service another port", what, owner, said)
}

// inUse is how runtimes say that a port is taken: Go and C, Node, Python, the
// JVM and .NET.
var inUse = regexp.MustCompile(`(?i)address (is )?already in use|\bEADDRINUSE\b|\bAddress in use\b|port \d+ (is|was) already in use`)

// early is the error for a service that ended before it was ready.
func early(exit Exit, tail []Line) error {
	for _, line := range tail {
		if inUse.MatchString(line.Text) {
			return &PortInUseError{Line: line.Text}
		}
	}
	return &ExitedError{Exit: exit, Tail: tail}
}

// quote is the end of an error message that shows output.
func quote(tail []Line) string {
	if len(tail) == 0 {
		return "; it wrote nothing"
	}
	var b strings.Builder
	b.WriteString("; its last lines:")
	for _, line := range tail {
		b.WriteString("\n\t" + line.Text)
	}
	return b.String()
}

// Exit is how a service ended.
type Exit struct {
	Code   int           // -1: it was ended by a signal, or how it ended is not known
	Signal string        // of the signal that ended it, as in "killed"; empty: none
	At     time.Duration // since the epoch
	CPU    time.Duration // user and system time of it and the children it waited for
	MaxRSS int64         // the most memory it had resident, in bytes
	Left   int           // processes that it left behind, which were killed
	Lost   bool          // the guard was killed, so nothing else is known
}

// String is "exit code 3", "ended by a signal: killed", and what was left.
func (e Exit) String() string {
	text := fmt.Sprintf("exit code %d", e.Code)
	switch {
	case e.Lost:
		text = "the guard was killed, and the service with it"
	case e.Signal != "":
		text = "ended by a signal: " + e.Signal
	}
	if e.Left > 0 {
		text += fmt.Sprintf(" (left %d processes behind, killed)", e.Left)
	}
	return text
}
