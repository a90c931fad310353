package route

// Criticality says how much it matters that a request is served when not all
// can be. The four levels and their names are those of Google's SRE book,
// chapter 21 ("Handling Overload"). A higher value is served first.
type Criticality uint8

// The classes, lowest first. Unset leaves the choice to the service, which
// takes Critical.
const (
	Unset         Criticality = iota
	Sheddable                 // batch work; refused first, retried later by its owner
	SheddablePlus             // degraded experience when refused
	Critical                  // users notice; the default of every route
	CriticalPlus              // reserved for what must survive everything else
)

var criticalityNames = [...]string{"unset", "sheddable", "sheddable-plus", "critical", "critical-plus"}

// String returns the wire form used in the Plimsoll-Class header.
func (c Criticality) String() string {
	if int(c) < len(criticalityNames) {
		return criticalityNames[c]
	}
	return "unknown"
}

// MarshalText is String, for JSON.
func (c Criticality) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// ParseCriticality reads the wire form. "unset" is not a wire form.
func ParseCriticality(s string) (Criticality, bool) {
	for c := Sheddable; c <= CriticalPlus; c++ {
		if criticalityNames[c] == s {
			return c, true
		}
	}
	return Unset, false
}
