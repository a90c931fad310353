package config

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with the configuration. UnmarshalText of a type that is read by this package may
// return a Fault without a Variable, which Load fills in.
type Fault struct {
	Variable string // empty: the fault belongs to no single variable
	Problem  string // what is wrong, without any value that may be secret
	Hint     string // what to do about it; may be empty
}

// Error renders the fault on one line.
func (f Fault) Error() string {
	var b strings.Builder
	if f.Variable != "" {
		b.WriteString(f.Variable)
		b.WriteString(" ")
	}
	b.WriteString(f.Problem)
	if f.Hint != "" {
		b.WriteString(": ")
		b.WriteString(f.Hint)
	}
	return b.String()
}

// Error is what [Load] returns: all faults that were found, in the order of the structs' fields.
type Error struct{ Faults []Fault }

// Error renders one line a fault, variables aligned, for a person who reads it in a terminal or a pod's log.
func (e *Error) Error() string {
	width := 0
	for _, f := range e.Faults {
		width = max(width, len(f.Variable))
	}
	var b strings.Builder
	noun := "faults"
	if len(e.Faults) == 1 {
		noun = "fault"
	}
	fmt.Fprintf(&b, "%d %s in the configuration", len(e.Faults), noun)
	for _, f := range e.Faults {
		line := Fault{Problem: f.Problem, Hint: f.Hint}.Error()
		fmt.Fprintf(&b, "\n  %-*s  %s", width, f.Variable, line)
	}
	return b.String()
}

// Unwrap gives the faults to [errors.As] and [errors.Is].
func (e *Error) Unwrap() []error {
	list := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		list[i] = f
	}
	return list
}

// faultsOf turns what a Validate method returned into faults: each error of a join is one.
func faultsOf(err error) []Fault {
	switch e := err.(type) { //nolint:errorlint // what wraps a fault has text of its own, which is kept
	case nil:
		return nil
	case Fault:
		return []Fault{e}
	case *Error:
		return e.Faults
	case interface{ Unwrap() []error }:
		parts := e.Unwrap()
		if err.Error() != errors.Join(parts...).Error() {
			break // more than a join: its own text says how the parts belong together
		}
		var list []Fault
		for _, part := range parts {
			list = append(list, faultsOf(part)...)
		}
		return list
	}
	return []Fault{{Problem: err.Error()}}
}

// oneLine keeps a fault on its line, whatever an error or a value brings along.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// shownValue bounds how much of a value that is no secret is repeated in a fault.
const shownValue = 40

// quoted repeats a value that cannot be a secret, on one line and not endlessly.
func quoted(raw string) string {
	if len(raw) > shownValue {
		raw = raw[:shownValue] + "..."
	}
	return fmt.Sprintf("%q", raw)
}
