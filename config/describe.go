package config

import (
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// Variable is what can be said about one environment variable without reading it.
type Variable struct {
	Name     string `json:"name"`
	Type     string `json:"type"`               // a word for people: duration, url, whole number, …
	Default  string `json:"default,omitempty"`  // as written in the tag; credentials in a URL are redacted
	Bounds   string `json:"bounds,omitempty"`   // such as "1 to 64"; empty: none
	Help     string `json:"help,omitempty"`     //
	Required bool   `json:"required,omitempty"` // there is no default
	Secret   bool   `json:"secret,omitempty"`   // the value may hold a credential and is never printed whole
}

// Describe lists the variables of the structs in the order of their fields. What [Load] would report as a fault of
// the structs themselves is left out.
func Describe(into ...any) []Variable {
	fields, _, _ := collect(into)
	list := make([]Variable, len(fields))
	for i, f := range fields {
		list[i] = f.describe()
	}
	return list
}

func (f field) describe() Variable {
	t := f.value.Type()
	v := Variable{Name: f.name, Type: typeName(t), Default: f.fallback, Bounds: f.bounds(), Help: f.help,
		Required: !f.hasDefault, Secret: isSecret(t)}
	switch {
	case f.fallback == "" || !v.Secret:
	case t == reflect.TypeFor[URL]():
		fresh := f
		fresh.value = reflect.New(t).Elem()
		v.Default = redacted
		if fresh.parse(f.fallback) == nil {
			v.Default = fresh.value.Interface().(URL).String()
		}
	default:
		v.Default = redacted
	}
	return v
}

// isSecret reports whether values of the type may hold a credential.
func isSecret(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[URL]()
}

// typeName is a word for the type that a person who sets the variable understands.
func typeName(t reflect.Type) string {
	switch t {
	case durationType:
		return "duration"
	case levelType:
		return "level"
	case reflect.TypeFor[Networks]():
		return "networks"
	case reflect.TypeFor[netip.Prefix]():
		return "network"
	case reflect.TypeFor[time.Time]():
		return "time"
	}
	switch {
	case isValue(t):
		return strings.ToLower(t.Name())
	case t.Kind() == reflect.Bool:
		return "true/false"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Slice:
		return typeName(t.Elem()) + ",..."
	}
	return "whole number"
}

// example is a value for a variable of the field's type, for a hint.
func (f field) example() string {
	switch t := f.value.Type(); t {
	case reflect.TypeFor[URL]():
		return "a URL such as https://host:8443"
	case reflect.TypeFor[Secret]():
		return "the credential"
	case durationType:
		return "a duration such as 2s"
	case reflect.TypeFor[Bytes]():
		return "a size such as 1MiB"
	case reflect.TypeFor[Networks]():
		return "networks such as 10.0.0.0/8,fd00::/8"
	case reflect.TypeFor[Port]():
		return "a port such as 8080"
	case reflect.TypeFor[Addr]():
		return "an address such as :8081"
	case reflect.TypeFor[slog.Level]():
		return "debug, info, warn or error"
	default:
		return "a value (" + typeName(t) + ")"
	}
}
