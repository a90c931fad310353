package config

import (
	"fmt"
	"reflect"
	"strings"
)

// field is one variable and where its value goes.
type field struct {
	name       string
	owner      string // the struct's type and the field, for faults of the program rather than of the environment
	group      int    // index of the struct in the call
	value      reflect.Value
	fallback   string
	hasDefault bool
	help       string
	min, max   string
	scheme     string // of a URL: those that are accepted, separated by commas; empty: any
}

// collector walks structs and notes what is wrong with them; such a fault is the program's, and shows in its first run.
type collector struct {
	fields []field
	groups []any
	faults []Fault
	claims map[string]string
}

// collect lists the variables of the structs, the structs that can be asked for contradictions, and the faults of both.
func collect(into []any) ([]field, []any, []Fault) {
	c := &collector{claims: map[string]string{}}
	for i, target := range into {
		v := reflect.ValueOf(target)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			c.fault("", fmt.Sprintf("a configuration must be a pointer to a struct, not %T", target),
				"declare a struct whose fields have env tags")
			continue
		}
		c.walk(v.Elem(), i, "")
	}
	return c.fields, c.groups, c.faults
}

func (c *collector) walk(v reflect.Value, group int, prefix string) {
	if v.Addr().CanInterface() { // not so an unexported embedded struct, whose methods are promoted
		c.groups = append(c.groups, v.Addr().Interface())
	}
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		name, tagged := sf.Tag.Lookup("env")
		nested := sf.Type.Kind() == reflect.Struct && !isValue(sf.Type)
		switch {
		case tagged && name == "-":
		case tagged && !sf.IsExported():
			c.fault(prefix+name, fmt.Sprintf("is claimed by %s.%s, which is unexported", v.Type(), sf.Name),
				"begin the field's name with a capital letter")
		case tagged:
			c.claim(v.Field(i), sf, group, prefix+name, v.Type().String()+"."+sf.Name)
		case nested && (sf.IsExported() || sf.Anonymous):
			c.walk(v.Field(i), group, prefix+sf.Tag.Get("prefix"))
		}
	}
}

func (c *collector) claim(v reflect.Value, sf reflect.StructField, group int, name, owner string) {
	f := field{name: name, owner: owner, group: group, value: v, help: sf.Tag.Get("help"),
		min: sf.Tag.Get("min"), max: sf.Tag.Get("max"), scheme: sf.Tag.Get("scheme")}
	f.fallback, f.hasDefault = sf.Tag.Lookup("default")
	switch first, taken := c.claims[name]; {
	case !isName(name):
		c.fault("", fmt.Sprintf("%s reads %q, which no variable can be called", owner, name),
			"use capital letters, digits and underscores")
		return
	case taken:
		c.fault(name, fmt.Sprintf("is claimed by %s and by %s", first, owner), "rename one of them")
		return
	case !readable(sf.Type):
		c.fault(name, fmt.Sprintf("is read into %s, whose type %s cannot be", owner, sf.Type),
			"use a basic type, one with UnmarshalText, or a slice of these")
		return
	}
	c.claims[name] = owner
	if fault := f.checkBounds(); fault != nil {
		c.faults = append(c.faults, *fault)
		return
	}
	c.fields = append(c.fields, f)
}

func (c *collector) fault(variable, problem, hint string) {
	c.faults = append(c.faults, Fault{Variable: variable, Problem: problem, Hint: hint})
}

func isName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool { return !isNameRune(r) }) < 0
}

func isNameRune(r rune) bool {
	return r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
}
