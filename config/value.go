package config

import (
	"encoding"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var (
	durationType  = reflect.TypeFor[time.Duration]()
	levelType     = reflect.TypeFor[slog.Level]()
	unmarshalType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isValue reports whether a type is read whole, from one variable.
func isValue(t reflect.Type) bool { return reflect.PointerTo(t).Implements(unmarshalType) }

// readable reports whether decode has a way to fill the type.
func readable(t reflect.Type) bool {
	if isValue(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Slice && readable(t.Elem())
	}
	return false
}

// parse reads raw into the field, within its bounds.
func (f field) parse(raw string) *Fault {
	fresh := reflect.New(f.value.Type()).Elem()
	fault := decode(fresh, raw)
	if fault == nil {
		fault = f.withinBounds(fresh, raw)
	}
	if fault == nil && f.scheme != "" {
		fault = f.checkScheme(fresh)
	}
	if fault != nil {
		fault.Variable = f.name
		fault.Problem, fault.Hint = oneLine(fault.Problem), oneLine(fault.Hint)
		return fault
	}
	f.value.Set(fresh)
	return nil
}

// decode reads raw into v, which must be readable. Only values of types that hold no credentials are repeated.
func decode(v reflect.Value, raw string) *Fault {
	switch {
	case v.Type() == levelType:
		return decodeLevel(v, raw)
	case v.Type() == durationType:
		return decodeDuration(v, raw)
	case isValue(v.Type()):
		return decodeText(v, raw)
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(raw)
		v.SetBool(b)
		return rejected(err, raw, "is neither true nor false", "use true or false")
	case reflect.String:
		v.SetString(raw)
		return nil
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(raw, v.Type().Bits())
		if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
			err = strconv.ErrSyntax
		}
		v.SetFloat(x)
		return rejected(err, raw, "is not a number", "use a number such as 0.5")
	case reflect.Slice:
		return decodeList(v, raw)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(raw, 10, v.Type().Bits())
		v.SetInt(n)
		return rejected(err, raw, "is not a whole number", "use digits only, such as 8")
	default:
		n, err := strconv.ParseUint(raw, 10, v.Type().Bits())
		v.SetUint(n)
		return rejected(err, raw, "is not a whole number of 0 or more", "use digits only, such as 8")
	}
}

// rejected is the fault of a value that strconv refused, or nil.
func rejected(err error, raw, problem, hint string) *Fault {
	if err == nil {
		return nil
	}
	if errors.Is(err, strconv.ErrRange) {
		problem, hint = "is out of range", "use a smaller number"
	}
	return &Fault{Problem: quoted(raw) + " " + problem, Hint: hint}
}

func decodeDuration(v reflect.Value, raw string) *Fault {
	d, err := time.ParseDuration(raw)
	if err != nil {
		hint := "use a number with a unit, such as 500ms, 2s or 1h30m"
		if _, bare := strconv.Atoi(raw); bare == nil {
			hint = "add a unit, such as " + raw + "s or " + raw + "ms"
		}
		return &Fault{Problem: quoted(raw) + " is not a duration", Hint: hint}
	}
	v.SetInt(int64(d))
	return nil
}

func decodeLevel(v reflect.Value, raw string) *Fault {
	var level slog.Level
	if level.UnmarshalText([]byte(raw)) != nil {
		return &Fault{Problem: quoted(raw) + " is not a log level", Hint: "use debug, info, warn or error"}
	}
	v.SetInt(int64(level))
	return nil
}

// decodeText leaves the reading to the type. The text of an error that is no Fault is shown only when it does not
// repeat the value: this package cannot know whether that is secret.
func decodeText(v reflect.Value, raw string) *Fault {
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(raw))
	if err == nil {
		return nil
	}
	if fault := (Fault{}); errors.As(err, &fault) {
		return &fault
	}
	if strings.Contains(err.Error(), raw) {
		return &Fault{Problem: "is not a valid " + typeName(v.Type())}
	}
	return &Fault{Problem: "is not a valid " + typeName(v.Type()), Hint: err.Error()}
}

// decodeList reads values separated by commas. Spaces around them and empty ones are dropped.
func decodeList(v reflect.Value, raw string) *Fault {
	list := reflect.MakeSlice(v.Type(), 0, strings.Count(raw, ",")+1)
	for part := range strings.SplitSeq(raw, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if fault := decode(item, part); fault != nil {
			return fault
		}
		list = reflect.Append(list, item)
	}
	v.Set(list)
	return nil
}
