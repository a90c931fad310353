// Package blueprint is the catalogue of guarantees: what a production backend
// promises, as data.
//
// A guarantee is a sentence about a running service that an outsider can try
// to break. The framework publishes which ones it keeps and with what numbers,
// the prover attacks those numbers, and every report, policy and dashboard
// reads the sentences from here.
package blueprint

// ID names a guarantee: an area and a word, such as "time.deadline".
type ID string

// Area groups guarantees by what they protect.
type Area uint8

// The areas, in the order in which they are shown.
const (
	Time         Area = iota // time as a budget
	Load                     // backpressure
	Dependencies             // what others do to the service
	Lifecycle                // start, health, drain
	Contract                 // what callers rely on
	Signals                  // logs, traces, metrics
	Access                   // who may do what
	State                    // what is written
	areas
)

var areaNames = [...]string{"TIME", "LOAD", "DEPENDENCIES", "LIFECYCLE", "CONTRACT", "SIGNALS", "ACCESS", "STATE"}

// String is the area's heading.
func (a Area) String() string {
	if int(a) < len(areaNames) {
		return areaNames[a]
	}
	return "UNKNOWN"
}

// Guarantee is one entry of the catalogue.
type Guarantee struct {
	ID      ID
	Area    Area
	Promise string // one sentence that an outsider can try to break
	Default string // the numbers that hold when nobody chose others

	// Keeper is the package that keeps the promise, as a path in this module.
	// Empty: no released package keeps it yet, and no service claims it.
	Keeper string
}

// All returns every guarantee in the order in which it is shown.
func All() []Guarantee { return append([]Guarantee(nil), catalogue[:]...) }

// Find returns the guarantee with the id.
func Find(id ID) (Guarantee, bool) {
	for _, g := range catalogue {
		if g.ID == id {
			return g, true
		}
	}
	return Guarantee{}, false
}
