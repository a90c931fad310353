package config

import (
	"maps"
	"slices"
	"strings"
)

// Load reads environ, in the form of [os.Environ], into the structs that into points to: the service's own first. It
// returns nil or an [*Error] with every fault. A variable that occurs twice in environ has its last value.
//
// After an error the structs hold what could be read, and defaults where nothing could; they are not fit for use.
func Load(environ []string, into ...any) error {
	fields, groups, faults := collect(into)
	env := read(environ, fields)
	for _, f := range fields {
		faults = append(faults, f.load(env)...)
	}
	faults = append(faults, env.misspelt()...)
	faults = append(faults, contradictions(groups, faults)...)
	if len(faults) == 0 {
		return nil
	}
	return &Error{Faults: faults}
}

// environment is what a process was given, seen from the variables it reads.
type environment struct {
	values map[string]string
	claims []string // the names that are read
	unread []string // the names that are set to something and not read, sorted
}

func read(environ []string, fields []field) environment {
	env := environment{values: make(map[string]string, len(environ))}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			env.values[name] = value
		}
	}
	for _, f := range fields {
		env.claims = append(env.claims, f.name)
	}
	for _, name := range slices.Sorted(maps.Keys(env.values)) {
		if env.values[name] != "" && !slices.Contains(env.claims, name) {
			env.unread = append(env.unread, name)
		}
	}
	return env
}

// load reads one variable. After a fault the field has its default, so that cross-checks between fields do not
// report what follows from a fault that is named already.
func (f field) load(env environment) []Fault {
	var faults []Fault
	if f.hasDefault && f.fallback != "" {
		if err := f.parse(f.fallback); err != nil {
			err.Problem = "has a default that cannot be used: " + err.Problem
			faults = append(faults, *err)
		}
	}
	raw := env.values[f.name]
	switch {
	case raw == "" && !f.hasDefault:
		return append(faults, f.missing(env))
	case raw == "":
		return faults
	}
	if err := f.parse(raw); err != nil {
		return append(faults, *err)
	}
	return faults
}

func (f field) missing(env environment) Fault {
	fault := Fault{Variable: f.name, Problem: "is required and not set", Hint: "set it to " + f.example()}
	if _, set := env.values[f.name]; set {
		fault.Problem = "is required and empty"
	}
	if near, ok := nearest(f.name, env.unread); ok {
		fault.Hint = near + " is set: if that was meant, rename it"
	}
	if f.help != "" {
		fault.Hint += " (" + f.help + ")"
	}
	return fault
}

// contradictions asks the structs about their values. What names a variable that is at fault already is left out: it
// follows from that fault.
func contradictions(groups []any, known []Fault) []Fault {
	var found []Fault
	add := func(f Fault) {
		f.Problem, f.Hint = oneLine(f.Problem), oneLine(f.Hint)
		if slices.Contains(found, f) { // a method promoted from an embedded struct answers twice
			return
		}
		for _, k := range known {
			if k.Variable != "" && (f.Variable == k.Variable || mentions(f.Problem, k.Variable)) {
				return
			}
		}
		found = append(found, f)
	}
	for _, g := range groups {
		if c, ok := g.(interface{ Faults() []Fault }); ok {
			for _, f := range c.Faults() {
				add(f)
			}
		}
		if c, ok := g.(interface{ Validate() error }); ok {
			for _, f := range faultsOf(c.Validate()) {
				add(f)
			}
		}
	}
	return found
}

// mentions reports whether text holds the variable's name as a whole word.
func mentions(text, variable string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !isNameRune(r) }), variable)
}
