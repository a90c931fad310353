package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// bounded reports whether values of the type have an order that min and max tags can speak of. A slice's bounds are
// those of its elements.
func bounded(t reflect.Type) bool {
	if t.Kind() == reflect.Slice && !isValue(t) {
		t = t.Elem()
	}
	return t != levelType && compare(reflect.New(t).Elem(), reflect.New(t).Elem()) != incomparable
}

const incomparable = 2

// compare orders two numbers of one type; anything else is incomparable.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return incomparable
}

// checkBounds finds min and max tags that cannot be meant: such a fault is the program's.
func (f field) checkBounds() *Fault {
	t := f.value.Type()
	if f.scheme != "" && t != reflect.TypeFor[URL]() {
		return &Fault{Variable: f.name, Problem: "has a scheme tag on " + f.owner + ", which is no URL", Hint: "remove the tag"}
	}
	if f.min == "" && f.max == "" {
		return nil
	}
	if !bounded(t) {
		return &Fault{Variable: f.name, Problem: "has a min or max tag on " + f.owner + ", which is no number",
			Hint: "remove the tag"}
	}
	if t.Kind() == reflect.Slice && !isValue(t) {
		t = t.Elem()
	}
	for _, tag := range []string{f.min, f.max} {
		if tag == "" {
			continue
		}
		if fault := decode(reflect.New(t).Elem(), tag); fault != nil {
			return &Fault{Variable: f.name, Problem: "has a bound on " + f.owner + " that " + fault.Problem, Hint: fault.Hint}
		}
	}
	return nil
}

// withinBounds holds a value against its tags. Without a min tag a signed number or a duration may not be negative:
// where that means something, it is rare enough to be said.
func (f field) withinBounds(v reflect.Value, raw string) *Fault {
	if v.Kind() == reflect.Slice && !isValue(v.Type()) {
		for i := range v.Len() {
			if fault := f.withinBounds(v.Index(i), raw); fault != nil {
				return fault
			}
		}
		return nil
	}
	if !bounded(v.Type()) {
		return nil
	}
	low, high := reflect.New(v.Type()).Elem(), reflect.New(v.Type()).Elem()
	if f.min != "" {
		_ = decode(low, f.min) // checkBounds has read it before
	}
	if f.max != "" {
		_ = decode(high, f.max)
	}
	switch {
	case compare(v, low) < 0 && f.min == "":
		return &Fault{Problem: quoted(raw) + " is negative", Hint: "use 0 or more"}
	case compare(v, low) < 0:
		return &Fault{Problem: quoted(raw) + " is too small", Hint: "use " + f.bounds()}
	case f.max != "" && compare(v, high) > 0:
		return &Fault{Problem: quoted(raw) + " is too large", Hint: "use " + f.bounds()}
	}
	return nil
}

// checkScheme holds a URL against its scheme tag.
func (f field) checkScheme(v reflect.Value) *Fault {
	allowed := strings.Split(f.scheme, ",")
	if u := v.Interface().(URL); !slices.Contains(allowed, u.Scheme()) {
		return &Fault{Problem: "has the scheme " + quoted(u.Scheme()), Hint: "use " + strings.Join(allowed, " or ")}
	}
	return nil
}

// bounds names the allowed range, or is empty.
func (f field) bounds() string {
	switch {
	case f.min != "" && f.max != "":
		return f.min + " to " + f.max
	case f.min != "":
		return f.min + " or more"
	case f.max != "":
		return f.max + " or less"
	}
	return ""
}
