// Package life says what a thing with a life of its own owes the service it
// lives in: a name, an answer to "are you ready?", and an orderly end.
//
// Stores, clients and workers hand a Component to their Host. They do not
// need to know what a host is, so each can be used and tested alone.
package life

import (
	"context"
	"errors"
)

// ErrDraining is the cause of every context that a drain ends. A handler that
// streams looks at context.Cause(ctx) to tell a drain from a caller who left.
var ErrDraining = errors.New("life: the service is draining")

// Phase orders the end of components. Requests and streams end first, by the
// service itself; then each phase in turn, the components of one phase side by
// side.
type Phase uint8

// The phases, first to last.
const (
	Jobs      Phase = iota // consumers and workers: they still need everything below
	Clients                // outbound clients
	Telemetry              // exporters: flushed while the network still works
	Stores                 // databases: last, everything above may write
	phases
)

var phaseNames = [...]string{"jobs", "clients", "telemetry", "stores"}

// String names the phase.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Phases lists every phase in the order in which they end.
func Phases() []Phase {
	all := make([]Phase, 0, phases)
	for p := range phases {
		all = append(all, p)
	}
	return all
}

// Component is one thing with a life. All of its functions may be nil.
type Component struct {
	// Name is unique in a service: "payments", "database".
	Name string

	// Phase is when Stop runs during a drain.
	Phase Phase

	// Fault is what makes the component impossible, such as a configuration
	// that contradicts itself. A host does not start with one. Nil: nothing.
	Fault error

	// Ready answers whether the component can do its work now. It is called
	// with a bounded context, at most twice a second. Nil: always ready.
	Ready func(context.Context) error

	// Detail says in a few words what readiness shows beside the answer, such
	// as what the component is doing about a failure; "" when there is nothing.
	// Anyone may read it. Nil: nothing.
	Detail func() string

	// Optional components show their state in readiness but do not make the
	// service unready.
	Optional bool

	// Stop ends the component before its context does. An error means that
	// work was lost. Nil: nothing to stop.
	Stop func(context.Context) error
}

// Host takes components into its life. *plimsoll.Service is one.
type Host interface {
	Add(Component)
}
